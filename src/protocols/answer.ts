// Writing answers: bytes at the speed of the client, JSON, and errors in the one shape that all of /api has.

import { setTimeout as delay } from 'node:timers/promises'
import { TLSSocket } from 'node:tls'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { AetherError } from '../core/errors.ts'
import { type Exchange, hasWholeBody, isHttp1 } from './exchange.ts'
import { httpAnswerTo, publicError } from './http-error.ts'
import { logFailure } from './log-failure.ts'

export type Headers = Record<string, string | number>

/** Bytes that are handed to a connection at once: few enough to notice a client that has stopped reading. */
const SLICE = 256 * 1024
/** Bytes that may wait in a connection for a client which does not take them, when nobody waits for that any more. */
const UNTAKEN = 64 * 1024

/** Answers with a body of known length, and not faster than the client takes it. */
export async function sendBytes(exchange: Exchange, status: number, headers: Headers, body: Uint8Array): Promise<void> {
  writeHead(exchange, status, { ...headers, 'content-length': body.length })
  if (exchange.method === 'HEAD' || body.length === 0) return finish(exchange)
  for (let at = 0; at < body.length; at += SLICE) await write(exchange, body.subarray(at, at + SLICE))
  return finish(exchange)
}

/** Answers with a body that comes in pieces; when the first one fails, the answer is that error. */
export async function sendPieces(
  exchange: Exchange,
  status: number,
  headers: Headers,
  pieces: AsyncIterable<Uint8Array>,
): Promise<void> {
  let begun = false
  let left = Number(headers['content-length']) // no number where nobody knows it
  for await (const piece of pieces) {
    if (!begun) writeHead(exchange, status, headers)
    begun = true
    left -= piece.length
    if (left === 0 && piece.length <= UNTAKEN) await finish(exchange, piece)
    else for (let at = 0; at < piece.length; at += SLICE) await write(exchange, piece.subarray(at, at + SLICE))
  }
  if (exchange.res.writableEnded) return
  if (!begun) writeHead(exchange, status, headers)
  return finish(exchange)
}

/** Answers without a body; `headers` may tell the length that it would have. */
export function sendEmpty(exchange: Exchange, status: number, headers: Headers): Promise<void> {
  writeHead(exchange, status, headers)
  return finish(exchange)
}

export function sendText(exchange: Exchange, status: number, text: string, headers: Headers = {}): Promise<void> {
  return sendBytes(
    exchange,
    status,
    { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store', ...headers },
    Buffer.from(text),
  )
}

export async function sendJson(
  exchange: Exchange,
  status: number,
  value: unknown,
  headers: Headers = {},
): Promise<void> {
  const text = Buffer.from(JSON.stringify(value))
  const zipped = text.length >= exchange.limits.compressBytes && takesGzip(exchange)
  const body = zipped ? await promisify(gzip)(text, { level: 5 }) : text
  const encoding: Headers = zipped ? { 'content-encoding': 'gzip' } : {}
  const common = { 'content-type': 'application/json', 'cache-control': 'no-store', vary: 'accept-encoding' }
  return sendBytes(exchange, status, { ...common, ...encoding, ...headers }, body)
}

function takesGzip({ req }: Exchange): boolean {
  return /(?:^|,)\s*gzip\s*(?:,|$)/.test(String(req.headers['accept-encoding'] ?? ''))
}

/** Answers with an error, or breaks the answer off when its beginning is out already. */
export function sendError(exchange: Exchange, cause: unknown): Promise<void> {
  return sendFailure(exchange, cause, (error) => {
    const { status, headers } = httpAnswerTo(error)
    return sendJson(exchange, status, errorBody(error, exchange.id), headers)
  })
}

/** The same for protocols that write their errors themselves. @param write gets what the client may know of it */
export async function sendFailure(
  exchange: Exchange,
  cause: unknown,
  write: (error: AetherError) => Promise<void>,
): Promise<void> {
  const error = exchange.signal.aborted ? gone() : publicError(cause, exchange.id)
  exchange.outcome = error.code
  logFailure(exchange, cause, error)
  if (exchange.res.headersSent) return breakOff(exchange)
  return write(error)
}

/** The shape of every error under /api. */
export function errorBody(error: AetherError, requestId: string): object {
  const { code, message, hint, detail } = error
  return { errors: [{ code, message, detail: hint === undefined ? detail : { ...detail, hint } }], requestId }
}

function writeHead(exchange: Exchange, status: number, headers: Headers): void {
  const { res } = exchange
  if (exchange.signal.aborted) throw gone()
  res.statusCode = status
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value)
  if (isHttp1(exchange) && (exchange.draining() || !hasWholeBody(exchange))) res.setHeader('connection', 'close')
}

async function write({ res, signal }: Exchange, bytes: Uint8Array): Promise<void> {
  if (signal.aborted) throw gone()
  const send = res.write as (chunk: Uint8Array) => boolean
  if (send.call(res, bytes) || res.writableLength < UNTAKEN) return
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const leave = () => reject(gone())
  res.once('drain', resolve)
  signal.addEventListener('abort', leave, { once: true })
  try {
    await promise
  } finally {
    res.off('drain', resolve)
    signal.removeEventListener('abort', leave)
  }
}

/**
 * Ends the answer, with the last bytes of it. A client that still sends its body would be hit by a reset before it reads the answer, so what it
 * sends is thrown away for a while first; the answer itself is on its way already.
 */
async function finish(exchange: Exchange, last?: Uint8Array): Promise<void> {
  const end = exchange.res.end as (chunk?: Uint8Array) => unknown
  if (!isHttp1(exchange) || hasWholeBody(exchange)) return void end.call(exchange.res, last)
  if (last) await write(exchange, last)
  await linger(exchange)
  end.call(exchange.res)
}

async function linger(exchange: Exchange): Promise<void> {
  const { req, res, limits, awaitsContinue } = exchange
  if (awaitsContinue) return // then the client has not begun to send
  if ('flushHeaders' in res) res.flushHeaders()
  const over = new AbortController()
  const stop = () => over.abort()
  req.once('end', stop)
  res.once('close', stop)
  req.resume()
  await delay(limits.lingerTimeout, undefined, { signal: over.signal }).catch(() => {})
  req.off('end', stop)
  res.off('close', stop)
}

function breakOff({ req, res }: Exchange): void {
  if ('stream' in res) return void res.stream.close(2) // INTERNAL_ERROR
  const { socket, httpVersionMinor } = req
  // Under HTTP/1.0 a connection that simply closes is the end of a whole answer.
  if (httpVersionMinor === 0 && !(socket instanceof TLSSocket)) socket.resetAndDestroy()
  else socket.destroy()
}

function gone(): AetherError {
  return new AetherError('cancelled', 'The client went away')
}
