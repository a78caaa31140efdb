// Answers with bytes of known length and hash: all of them, one range or several, or only that the client has them already.
import type { ByteRange } from '../storage/storage.ts'
import { type Headers, sendBytes, sendEmpty, sendPieces } from './answer.ts'
import { evaluate, formatHttpDate, rangeHolds } from './conditions.ts'
import type { Exchange } from './exchange.ts'
import { HttpError } from './http-error.ts'
import { createMultipart } from './multipart-ranges.ts'
import { parseRange, parseRanges } from './range.ts'

/** Bytes of known length. */
export type Body = Uint8Array | AsyncIterable<Uint8Array>

export interface Representation {
  /** Bytes of the whole. */
  size: number
  /** Strong, with its quotes. */
  etag: string
  cacheControl: string
  /** @default "application/octet-stream" */
  contentType?: string
  /** Whole seconds. */
  modified?: Date
  /** Nothing else can ever be at this address. */
  immutable?: boolean
  /** Further ones, which go with the bytes and with the news that the client has them. */
  headers?: Headers
  /** The bytes, or the range of them that is given, also in pieces. Answers are sent while `use` runs. */
  read(range: ByteRange | undefined, use: (bytes: Body) => Promise<void>): Promise<void>
  /** Where it is there, several ranges are answered in one. */
  pieces?(range: ByteRange): AsyncIterable<Uint8Array>
}

export async function sendPart(exchange: Exchange, representation: Representation): Promise<void> {
  const { req, method } = exchange
  const { size, etag, contentType = 'application/octet-stream', modified, read } = representation
  const headers = headersOf(representation)
  const condition = evaluate(req.headers, etag, modified)
  if (condition === 'failed')
    throw new HttpError(
      412,
      'conflict',
      `The bytes have the entity tag ${etag}, and that is not what the request asks for`,
    )
  if (condition === 'not-modified') return sendEmpty(exchange, 304, headers)
  const full: Headers = { ...headers, 'content-type': contentType }
  if (method === 'HEAD') return sendEmpty(exchange, 200, { ...full, 'content-length': size })
  const ranges = wantedRanges(exchange, representation)
  if (ranges === undefined) return read(undefined, (body) => sendBody(exchange, 200, full, body, size))
  if (ranges.length > 1) return sendSeveral(exchange, full, ranges, representation)
  const range = ranges[0]!
  const partial = { ...full, 'content-range': contentRange(range, size) }
  return read(range, (body) => sendBody(exchange, 206, partial, body, range.length))
}

function headersOf({ etag, cacheControl, modified, headers = {} }: Representation): Headers {
  const dates: Headers = modified ? { 'last-modified': formatHttpDate(modified) } : {}
  return { etag, 'cache-control': cacheControl, 'accept-ranges': 'bytes', ...dates, ...headers }
}

/** Undefined for all of it. @throws {HttpError} 416 */
function wantedRanges({ req }: Exchange, { size, etag, modified, immutable, pieces }: Representation) {
  if (!rangeHolds(req.headers, etag, immutable ? modified : undefined)) return undefined
  const found = pieces ? parseRanges(req.headers.range, size) : parseRange(req.headers.range, size)
  if (found === 'unsatisfiable')
    throw new HttpError(416, 'invalid', `The range lies outside of the ${size} bytes that there are`, {
      headers: { 'content-range': `bytes */${size}` },
    })
  return found === undefined || Array.isArray(found) ? found : [found]
}

function sendSeveral(
  exchange: Exchange,
  headers: Headers,
  ranges: readonly ByteRange[],
  { size, contentType = 'application/octet-stream', pieces }: Representation,
): Promise<void> {
  const parts = ranges.map((range) => ({
    length: range.length,
    head: `content-type: ${contentType}\r\ncontent-range: ${contentRange(range, size)}\r\n`,
    pieces: () => pieces!(range),
  }))
  const { type, length, body } = createMultipart(parts)
  return sendPieces(exchange, 206, { ...headers, 'content-type': type, 'content-length': length }, body)
}

function contentRange({ offset, length }: ByteRange, size: number): string {
  return `bytes ${offset}-${offset + length - 1}/${size}`
}

function sendBody(exchange: Exchange, status: number, headers: Headers, body: Body, length: number): Promise<void> {
  if (body instanceof Uint8Array) return sendBytes(exchange, status, headers, body)
  return sendPieces(exchange, status, { ...headers, 'content-length': length }, body)
}
