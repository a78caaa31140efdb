// Blocks and records as plain HTTP, for speed. Addresses: docs/format.md, section 8.
import { MAX_BLOCK } from '../../core/block.ts'
import { AetherError } from '../../core/errors.ts'
import { type BlockId, parseBlockId, parseDigest, sha256Hex } from '../../core/id.ts'
import { parseDatasetName } from '../../core/names.ts'
import type { ByteBudget } from '../../dataset/byte-budget.ts'
import type { BlockPart, Hub } from '../../hub/hub.ts'
import type { ByteRange } from '../../storage/storage.ts'
import { sendJson } from '../answer.ts'
import { ASK_ANEW, FOR_EVER } from '../cache-control.ts'
import type { Exchange } from '../exchange.ts'
import type { Variables } from '../path-template.ts'
import { readOnce } from '../request-body.ts'
import type { Route } from '../route-table.ts'
import { sendPart } from '../send-part.ts'
import { announcedSize, blamingClient } from './take-body.ts'

export function bulkRoutes(hub: Hub, budget: ByteBudget): Route[] {
  return [
    {
      method: 'GET',
      template: '/api/v2/datasets/{dataset}/snapshots/{digest}/blocks/{id}',
      handle: (e, v) => sendBlock(e, v, hub, budget),
    },
    {
      method: 'GET',
      template: '/api/v2/datasets/{dataset}/snapshots/{digest}/record',
      handle: (e, v) => sendRecord(e, v, hub),
    },
    { method: 'PUT', template: '/api/v2/datasets/{dataset}/blocks/{id}', handle: (e, v) => takeBlock(e, v, hub) },
  ]
}

async function sendBlock(exchange: Exchange, variables: Variables, hub: Hub, budget: ByteBudget): Promise<void> {
  const { caller, signal } = exchange
  const { dataset, digest } = snapshotOf(variables)
  const id = parseBlockId(variables.id ?? '')
  const size = await hub.blockSize(caller, dataset, digest, id, { signal })
  const read = (range: ByteRange | undefined, use: (bytes: Uint8Array) => Promise<void>) =>
    budget.hold(range?.length ?? size, signal, async () => {
      const part = await hub.readBlock(caller, dataset, digest, id, { range, signal })
      return use(checkedLength(part, id, range?.length ?? size))
    })
  return sendPart(exchange, { size, etag: `"${id}"`, cacheControl: FOR_EVER, read })
}

/** The length has been announced to the client by the record; a store that gives less must not pass unnoticed. */
function checkedLength({ bytes }: BlockPart, id: BlockId, expected: number): Uint8Array {
  if (bytes.length !== expected)
    throw new AetherError('integrity', `Block ${id} has lost bytes: ${bytes.length} where ${expected} should be`)
  return bytes
}

async function sendRecord(exchange: Exchange, variables: Variables, hub: Hub): Promise<void> {
  const { dataset, digest } = snapshotOf(variables)
  const record = await hub.readRecord(exchange.caller, dataset, digest, { signal: exchange.signal })
  const part = (range: ByteRange | undefined) =>
    range ? record.subarray(range.offset, range.offset + range.length) : record
  return sendPart(exchange, {
    size: record.length,
    etag: `"${sha256Hex(record)}"`,
    cacheControl: ASK_ANEW, // a record may be rewritten under the same digest
    read: (range, use) => use(part(range)),
  })
}

async function takeBlock(exchange: Exchange, variables: Variables, hub: Hub): Promise<void> {
  const { caller, signal } = exchange
  const dataset = parseDatasetName(variables.dataset ?? '')
  const id = parseBlockId(variables.id ?? '')
  const size = announcedSize(exchange, 'block', MAX_BLOCK)
  const receipt = await blamingClient(hub.uploadBlock(caller, dataset, id, size, readOnce(exchange), { signal }))
  return sendJson(exchange, 201, { receipt })
}

function snapshotOf({ dataset = '', digest = '' }: Variables) {
  return { dataset: parseDatasetName(dataset), digest: parseDigest(digest) }
}
