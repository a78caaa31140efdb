// Blocks over REST: the bytes of a download are the body, and an upload is either that or JSON, one request in each line.
import { AetherError } from '../../core/errors.ts'
import type { Hub } from '../../hub/hub.ts'
import { type Headers, sendEmpty, sendJson, sendPieces } from '../answer.ts'
import type { Exchange } from '../exchange.ts'
import { HttpError } from '../http-error.ts'
import { readOnce } from '../request-body.ts'
import type { Route } from '../route-table.ts'
import { announced, findBlock, rangeOf } from './block-api.ts'
import { uploadError } from './errors.ts'
import { partsOfLines } from './json-lines.ts'

export function blockRoutes(hub: Hub): Route[] {
  return [
    {
      method: 'GET',
      template: '/api/v1/blocks/{signature}',
      handle: (exchange, { signature = '' }) => sendBlock(exchange, signature, hub),
    },
    { method: 'POST', template: '/api/v1/blocks', handle: (exchange) => takeBlock(exchange, hub) },
  ]
}

async function sendBlock(exchange: Exchange, signature: string, hub: Hub): Promise<void> {
  const { caller, signal, method, query } = exchange
  const headers: Headers = { 'content-type': 'application/octet-stream', 'cache-control': 'private, no-store' }
  if (method === 'HEAD') {
    const { size } = await findBlock(hub, caller, signature, signal)
    return sendEmpty(exchange, 200, { ...headers, 'content-length': size })
  }
  const block = await hub.v1.openBlock(caller, signature, { signal })
  const { offset, length } = rangeOf(parseRange(query), block)
  return sendPieces(exchange, 200, { ...headers, 'content-length': length }, block.read(offset, length, signal))
}

/** @throws {AetherError} `invalid` */
function parseRange(query: string): { offset: bigint; size: bigint } {
  const parameters = new URLSearchParams(query)
  const number = (name: string) => {
    const text = parameters.get(name) ?? '0'
    if (!/^\d{1,18}$/.test(text))
      throw new AetherError('invalid', `The query parameter "${name}" is a number of bytes, not "${text}"`)
    return BigInt(text)
  }
  for (const name of parameters.keys()) {
    if (!['offset', 'size'].includes(name))
      throw new AetherError('invalid', `There is no query parameter "${name}" here`, {
        hint: 'There are: offset, size',
      })
  }
  return { offset: number('offset'), size: number('size') }
}

async function takeBlock(exchange: Exchange, hub: Hub): Promise<void> {
  const { caller, signal, req } = exchange
  const said = announced((name) => req.headers[name]?.toString())
  try {
    return sendJson(exchange, 200, { signature: await hub.v1.stageBlock(caller, bodyOf(exchange), said, { signal }) })
  } catch (error) {
    throw uploadError(error)
  }
}

/** @throws {HttpError} 415 */
function bodyOf(exchange: Exchange): AsyncIterable<Uint8Array> {
  const { headers } = exchange.req
  const type = headers['content-type'] ?? 'unknown'
  if (headers['content-encoding'] === undefined) {
    if (/^application\/octet-stream$/i.test(type)) return readOnce(exchange)
    if (/^application\/json\b/i.test(type)) return partsOfLines(readOnce(exchange))
  }
  throw new HttpError(415, 'invalid', `The body is of type "${type}" and must be the bytes of the block, or JSON`, {
    headers: { accept: 'application/octet-stream, application/json' },
    hint: 'Send it as application/octet-stream, without Content-Encoding',
  })
}
