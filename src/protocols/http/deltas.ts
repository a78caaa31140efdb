// Deltas as plain HTTP. Addresses: docs/format.md, section 8.
import { parseDigest } from '../../core/id.ts'
import { parseDatasetName } from '../../core/names.ts'
import type { ByteBudget } from '../../dataset/byte-budget.ts'
import { MAX_DELTA } from '../../hub/deltas/delta-store.ts'
import type { Delta, Hub, TakenBlock } from '../../hub/hub.ts'
import type { ByteRange } from '../../storage/storage.ts'
import { sendJson, sendPieces } from '../answer.ts'
import { ASK_ANEW } from '../cache-control.ts'
import type { Exchange } from '../exchange.ts'
import type { Variables } from '../path-template.ts'
import { readOnce } from '../request-body.ts'
import type { Route } from '../route-table.ts'
import { type Body, sendPart } from '../send-part.ts'
import { announcedSize, blamingClient } from './take-body.ts'

const TEMPLATE = '/api/v2/datasets/{dataset}/snapshots/{to}/deltas/{from}'
/** What one download of a stored delta holds in memory, in bytes. */
const HELD = 6 * 1024 * 1024

export function deltaRoutes(hub: Hub, budget: ByteBudget): Route[] {
  return [
    { method: 'GET', template: TEMPLATE, handle: (e, v) => sendDelta(e, v, hub, budget) },
    { method: 'PUT', template: TEMPLATE, handle: (e, v) => takeDelta(e, v, hub) },
  ]
}

async function sendDelta(exchange: Exchange, variables: Variables, hub: Hub, budget: ByteBudget): Promise<void> {
  const { caller, signal, method, req } = exchange
  const { dataset, from, to } = pairOf(variables)
  const suspect = /(?:^|,)\s*no-cache\s*(?:,|$)/i.test(req.headers['cache-control'] ?? '')
  const delta = await hub.readDelta(caller, dataset, from, to, { make: method !== 'HEAD', suspect, signal })
  if (delta.stored) return sendStored(exchange, delta, delta.stored, budget)
  const headers = { 'content-type': 'application/octet-stream', 'cache-control': 'no-store' }
  return sendPieces(exchange, 200, headers, delta.read())
}

function sendStored(
  exchange: Exchange,
  delta: Delta,
  { size, sum }: NonNullable<Delta['stored']>,
  budget: ByteBudget,
): Promise<void> {
  const read = (range: ByteRange | undefined, use: (body: Body) => Promise<void>) =>
    budget.hold(Math.min(HELD, range?.length ?? size), exchange.signal, () => use(delta.read(range)))
  return sendPart(exchange, { size, etag: `"${sum}"`, cacheControl: ASK_ANEW, read }) // a delta may be made anew with other bytes
}

async function takeDelta(exchange: Exchange, variables: Variables, hub: Hub): Promise<void> {
  const { caller, signal } = exchange
  const { dataset, from, to } = pairOf(variables)
  const size = announcedSize(exchange, 'delta', MAX_DELTA)
  const taken = hub.takeDelta(caller, dataset, from, to, size, readOnce(exchange), { signal })
  return sendJson(exchange, 201, { blocks: (await blamingClient(taken)).map(blockJson) })
}

function blockJson({ info, tail, receipt }: TakenBlock) {
  const { id, size, tailSize, tailHash } = info
  return { id, size, tailSize, tailSha256: tailHash, tail: Buffer.from(tail).toString('base64'), receipt }
}

function pairOf({ dataset = '', from = '', to = '' }: Variables) {
  return { dataset: parseDatasetName(dataset), from: parseDigest(from), to: parseDigest(to) }
}
