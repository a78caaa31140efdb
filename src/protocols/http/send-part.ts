// Answers with immutable bytes of known length and hash: all of them, a range, or only that the client has them already.

import type { ByteRange } from '../../storage/storage.ts'
import { type Headers, sendBytes, sendEmpty, sendPieces } from '../answer.ts'
import type { Exchange } from '../exchange.ts'
import { HttpError } from '../http-error.ts'
import { evaluate, rangeHolds } from './conditions.ts'
import { parseRange } from './range.ts'

/** Bytes of known length. */
export type Body = Uint8Array | AsyncIterable<Uint8Array>

export interface Representation {
  /** Bytes of the whole. */
  size: number
  /** Strong, with its quotes. */
  etag: string
  cacheControl: string
  /** The bytes, or the range of them that is given, also in pieces. Answers are sent while `use` runs. */
  read(range: ByteRange | undefined, use: (bytes: Body) => Promise<void>): Promise<void>
}

export async function sendPart(exchange: Exchange, representation: Representation): Promise<void> {
  const { req, method } = exchange
  const { size, etag, cacheControl, read } = representation
  const headers: Headers = { etag, 'cache-control': cacheControl, 'accept-ranges': 'bytes' }
  const condition = evaluate(req.headers, etag)
  if (condition === 'failed')
    throw new HttpError(412, 'conflict', `The bytes have the entity tag ${etag}, not what If-Match asks for`)
  if (condition === 'not-modified') return sendEmpty(exchange, 304, headers)
  const full: Headers = { ...headers, 'content-type': 'application/octet-stream' }
  if (method === 'HEAD') return sendEmpty(exchange, 200, { ...full, 'content-length': size })
  const range = rangeHolds(req.headers, etag) ? parseRange(req.headers.range, size) : undefined
  if (range === 'unsatisfiable') throw outOfRange(size)
  if (range === undefined) return read(undefined, (body) => sendBody(exchange, 200, full, body, size))
  const contentRange = `bytes ${range.offset}-${range.offset + range.length - 1}/${size}`
  return read(range, (body) => sendBody(exchange, 206, { ...full, 'content-range': contentRange }, body, range.length))
}

function sendBody(exchange: Exchange, status: number, headers: Headers, body: Body, length: number): Promise<void> {
  if (body instanceof Uint8Array) return sendBytes(exchange, status, headers, body)
  return sendPieces(exchange, status, { ...headers, 'content-length': length }, body)
}

function outOfRange(size: number): HttpError {
  return new HttpError(416, 'invalid', `The range lies outside of the ${size} bytes that there are`, {
    headers: { 'content-range': `bytes */${size}` },
  })
}
