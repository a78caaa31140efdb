// Blocks and records as plain HTTP, for speed. Addresses: docs/format.md, section 8.
import { MAX_BLOCK } from '../../core/block.ts'
import { AetherError } from '../../core/errors.ts'
import { type BlockId, parseBlockId, parseDigest, sha256Hex } from '../../core/id.ts'
import { parseDatasetName } from '../../core/names.ts'
import type { BlockPart, Hub } from '../../hub/hub.ts'
import type { ByteRange } from '../../storage/storage.ts'
import { sendJson } from '../answer.ts'
import type { Exchange } from '../exchange.ts'
import { HttpError } from '../http-error.ts'
import type { Variables } from '../path-template.ts'
import { readOnce, tooLarge } from '../request-body.ts'
import type { Route } from '../route-table.ts'
import type { ByteBudget } from './byte-budget.ts'
import { sendPart } from './send-part.ts'

const FOR_EVER = 'private, max-age=31536000, immutable'
/** A record may be rewritten under the same digest, so it is asked for anew each time. */
const ASK_ANEW = 'private, no-cache'

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
    cacheControl: ASK_ANEW,
    read: (range, use) => use(part(range)),
  })
}

async function takeBlock(exchange: Exchange, variables: Variables, hub: Hub): Promise<void> {
  const { caller, signal } = exchange
  const dataset = parseDatasetName(variables.dataset ?? '')
  const id = parseBlockId(variables.id ?? '')
  const size = announcedSize(exchange)
  try {
    const receipt = await hub.uploadBlock(caller, dataset, id, size, readOnce(exchange), { signal })
    return await sendJson(exchange, 201, { receipt })
  } catch (error) {
    throw isDamaged(error)
      ? new HttpError(422, 'integrity', error.message, { hint: error.hint, detail: error.detail, cause: error })
      : error
  }
}

/** Here it is the client's bytes that do not match, not the store's. */
function isDamaged(error: unknown): error is AetherError {
  return error instanceof AetherError && error.code === 'integrity'
}

/** @throws {AetherError} before a byte of the body is read. */
function announcedSize({ req }: Exchange): number {
  const length = req.headers['content-length']
  if (length === undefined)
    throw new HttpError(411, 'invalid', 'The length of the block must be told beforehand, as Content-Length')
  if (req.headers['content-encoding'] !== undefined)
    throw new HttpError(415, 'invalid', 'Blocks are taken as they are, without Content-Encoding')
  if (!/^\d{1,15}$/.test(length) || Number(length) === 0)
    throw new AetherError('invalid', `Cannot take a block of "${length}" bytes`)
  if (Number(length) > MAX_BLOCK) throw tooLarge(MAX_BLOCK)
  return Number(length)
}

function snapshotOf({ dataset = '', digest = '' }: Variables) {
  return { dataset: parseDatasetName(dataset), digest: parseDigest(digest) }
}
