// Reading request bodies: counted, given up when the client falls silent, and without losing the connection on the way.
import type { Readable } from 'node:stream'
import { AetherError } from '../core/errors.ts'
import { freeIfWhole } from '../core/free-memory.ts'
import { type Exchange, isHttp1 } from './exchange.ts'
import { HttpError } from './http-error.ts'

/**
 * From here on, whoever iterates over `exchange.req` (Connect does too) reads under these rules. "100 Continue" goes out
 * when reading begins, so that a refused client never sends its body.
 */
export function guardBody(exchange: Exchange): void {
  const req = exchange.req as { [Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array> }
  req[Symbol.asyncIterator] = () => readBody(exchange)
}

async function* readBody(exchange: Exchange): AsyncGenerator<Uint8Array> {
  if (exchange.awaitsContinue && !exchange.res.headersSent) exchange.res.writeContinue()
  exchange.awaitsContinue = false
  // Destroying the request would close the connection before an answer can go out.
  const source: AsyncIterator<Uint8Array> = (exchange.req as Readable).iterator({ destroyOnReturn: false })
  try {
    for (;;) {
      const coming = source.next().catch(cut)
      const next = await (exchange.bodyMayRest ? coming : withinIdle(coming, exchange.limits.bodyIdleTimeout))
      if (next.done) break
      exchange.bytesIn += next.value.length
      yield next.value
    }
  } finally {
    source.return?.().catch(() => {}) // lets go of the request, so that the rest can be thrown away
  }
  if (isCut(exchange)) cut()
}

function cut(cause?: unknown): never {
  throw new AetherError('cancelled', 'The client went away before it had sent all of its request', { cause })
}

/** An HTTP/2 request that was reset ends as if it were whole. */
function isCut(exchange: Exchange): boolean {
  return isHttp1(exchange) ? !exchange.req.complete : exchange.req.aborted
}

async function withinIdle<T>(next: Promise<T>, idle: number): Promise<T> {
  const { promise: silence, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(tooSilent(idle)), idle)
  try {
    return await Promise.race([next, silence])
  } finally {
    clearTimeout(timer)
    next.catch(() => {}) // when the race is lost, nobody else looks at it
  }
}

function tooSilent(idle: number): HttpError {
  return new HttpError(408, 'unavailable', `No byte of the request came for ${idle / 1000} seconds`)
}

/** The body for a reader that is done with each piece when it asks for the next: its memory is given back at once. */
export async function* readOnce({ req }: Exchange): AsyncGenerator<Uint8Array> {
  for await (const piece of req as AsyncIterable<Uint8Array>) {
    yield piece
    freeIfWhole(piece)
  }
}

/** All of a body. @throws {AetherError} `too-large` */
export async function readWhole(exchange: Exchange, maxBytes: number): Promise<Buffer> {
  if (Number(exchange.req.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes)
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of exchange.req as AsyncIterable<Uint8Array>) {
    length += part.length
    if (length > maxBytes) throw tooLarge(maxBytes)
    parts.push(part)
  }
  return Buffer.concat(parts, length)
}

export function tooLarge(maxBytes: number): AetherError {
  return new AetherError('too-large', `The body is longer than the ${maxBytes} bytes that are taken here`, {
    detail: { max_bytes: String(maxBytes) },
  })
}
