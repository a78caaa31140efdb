// One request to one hub and its answer, over one connection. What moves too slowly is fine; what does not move is not.
import type { ClientRequest, Agent as HttpAgent, IncomingMessage } from 'node:http'
import { type Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { LookupFunction } from 'node:net'
import type { ByteSource } from '../../core/delta/byte-source.ts'
import { AetherError, systemCode } from '../../core/errors.ts'
import type { Endpoint } from '../hosts.ts'
import { untilSilent } from './ask-meanwhile.ts'
import type { GatheredRange } from './gathered-range.ts'
import type { HttpAnswer, HttpCall } from './http-call.ts'
import { request as httpRequest } from './node-http.ts'
import type { RateLimit } from './rate-limit.ts'
import { createWatchdog, type Watchdog } from './watchdog.ts'

/** In milliseconds. */
export interface Timeouts {
  /** For a connection to come about, with its TLS handshake. */
  connect: number
  /** Between two signs of life of a connection. */
  silence: number
}

export interface Wire {
  endpoint: Endpoint
  agent: HttpAgent | HttpsAgent
  timeouts: Timeouts
  rate: RateLimit | undefined
  /** How names become addresses. @default that of the system */
  lookup: LookupFunction | undefined
}

/** Bytes that are written at once where no rate says less: small enough to see that they move. */
const PIECE = 256 * 1024

/** An exchange that failed, and whether any of the request may have reached the hub. */
export class ExchangeError extends Error {
  readonly sent: boolean
  /** A kept connection was cut before anything came: most likely while it was idle, so that nobody has seen the request. */
  readonly stale: boolean
  /** The hub said nothing for so long that it was given up. */
  readonly silent: boolean

  constructor(cause: unknown, { sent, stale, silent }: { sent: boolean; stale: boolean; silent: boolean }) {
    super('', { cause })
    this.sent = sent
    this.stale = stale
    this.silent = silent
  }
}

/** How far an exchange has come. */
interface Course {
  sent: boolean
  answered: boolean
  /** Aborts when the answer begins, or nothing of it is to come any more. */
  waiting: AbortController
  giveUp: (reason: string) => void
  silent?: AetherError
}

/** @throws {ExchangeError} */
export async function exchange(call: HttpCall, wire: Wire): Promise<HttpAnswer> {
  const request = open(call, wire)
  const giveUp = (reason: string) => {
    course.silent = new AetherError('unavailable', reason)
    request.destroy(course.silent)
  }
  const course: Course = { sent: false, answered: false, waiting: new AbortController(), giveUp }
  const watchdog = createWatchdog((ms) => giveUp(reasonOf(course, ms)))
  try {
    return await converse(request, call, wire, watchdog, course)
  } catch (error) {
    request.destroy()
    const stale = request.reusedSocket && !course.answered && isCut(error)
    throw new ExchangeError(course.silent ?? error, { sent: course.sent, stale, silent: course.silent !== undefined })
  } finally {
    watchdog.stop()
    course.waiting.abort()
  }
}

const HANGS = 'it hangs: while it was waited for, it did not answer to anything else either'

/** Gives up a call that may be answered late when the hub does not answer to anything else. */
async function askMeanwhile({ answerTimeout = 0 }: HttpCall, wire: Wire, course: Course): Promise<void> {
  const { silence } = wire.timeouts
  if (answerTimeout <= silence) return
  const { signal } = course.waiting
  const call: HttpCall = { method: 'GET', path: '/healthz', maxBytes: 1024 * 1024, signal }
  await untilSilent(() => exchange(call, wire).then(() => false, isSilence), silence, signal)
  course.giveUp(HANGS)
}

function isSilence(error: unknown): boolean {
  return error instanceof ExchangeError && error.silent
}

function reasonOf({ sent }: Course, ms: number): string {
  return sent ? `no byte came or went for ${ms / 1000} s` : `no connection came about within ${ms / 1000} s`
}

async function converse(request: ClientRequest, call: HttpCall, wire: Wire, watchdog: Watchdog, course: Course) {
  const answer = answerTo(request)
  await Promise.race([connected(request, wire, watchdog), answer])
  course.sent = true
  call.onSent?.()
  watchdog.allow(wire.timeouts.silence)
  const onSent = () => void askMeanwhile(call, wire, course).catch(() => {}) // the answer came, or never will
  sendBody(request, call, wire, watchdog).then(onSent, (error) => request.destroy(error)) // told by the answer that does not come
  const response = await answer
  course.answered = true
  course.waiting.abort()
  watchdog.allow(wire.timeouts.silence)
  const body = await readBody(response, call, wire, watchdog)
  if (!request.writableEnded) request.destroy() // the answer came early: the rest of the body is not wanted
  return { status: response.statusCode ?? 0, headers: response.headers, body }
}

function open(call: HttpCall, { endpoint: { hostname, port, tls }, agent, lookup }: Wire): ClientRequest {
  const { method, path, body, range, signal } = call
  const headers = {
    ...call.headers,
    ...(body && { 'content-length': body.length }),
    ...(range && { range: range.header() }),
  }
  const options = { agent, host: hostname, port, method, path, headers, lookup, signal }
  return (tls ? httpsRequest : httpRequest)(options).on('error', () => {}) // waited for where it matters
}

function connected(request: ClientRequest, { endpoint, timeouts }: Wire, watchdog: Watchdog): Promise<void> {
  return new Promise((resolve) => {
    request.once('socket', (socket) => {
      if (request.reusedSocket) return resolve()
      watchdog.allow(timeouts.connect)
      socket.once(endpoint.tls ? 'secureConnect' : 'connect', () => resolve())
    })
  })
}

function answerTo(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve)
    request.once('error', reject)
    request.once('close', () => reject(new Error('the connection was closed')))
  })
}

/** Piece by piece, each when the system has taken the one before: so it shows whether they move. */
async function sendBody(request: ClientRequest, call: HttpCall, { rate, timeouts }: Wire, watchdog: Watchdog) {
  const { body = new Uint8Array(), signal } = call
  const size = rate?.piece ?? PIECE
  for (let at = 0; at < body.length; at += size) {
    const piece = await pieceOf(body, at, Math.min(size, body.length - at), signal)
    if (rate) await untimed(watchdog, timeouts, () => rate.take(piece.length, signal))
    if (request.destroyed) return // answered early, or failed: whoever waits for the answer knows
    await write(request, piece)
    watchdog.alive()
  }
  request.end()
  watchdog.allow(call.answerTimeout ?? timeouts.silence)
}

async function pieceOf(body: Uint8Array | ByteSource, at: number, length: number, signal?: AbortSignal) {
  return body instanceof Uint8Array ? body.subarray(at, at + length) : body.read(at, length, signal)
}

function write(request: ClientRequest, piece: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    request.write(piece, (error) => (error ? reject(error) : resolve()))
  })
}

/** That we hold back is no silence of the other side. */
async function untimed(watchdog: Watchdog, { silence }: Timeouts, wait: () => Promise<void>): Promise<void> {
  watchdog.hold()
  await wait()
  watchdog.allow(silence)
}

async function readBody(response: IncomingMessage, call: HttpCall, wire: Wire, watchdog: Watchdog): Promise<Buffer> {
  const { rate, timeouts } = wire
  const parts: Uint8Array[] = []
  const range =
    response.statusCode === 206 && call.range?.fits(response.headers['content-range']) ? call.range : undefined
  const take = range ? range.take : (part: Uint8Array) => void parts.push(part)
  checkLength(Number(response.headers['content-length'] ?? 0), call)
  let length = 0
  for await (const part of partsOf(response, range)) {
    const count = part.length // taken, a part may have none any more
    length += count
    checkLength(length, call)
    take(part)
    // The connection is not read while we wait, so that the other side is slowed down too.
    if (rate) await untimed(watchdog, timeouts, () => rate.take(count, call.signal))
    else watchdog.alive()
  }
  if (!response.complete && !range?.isWhole()) throw new AetherError('unavailable', 'the answer broke off')
  return Buffer.concat(parts)
}

/** What breaks off behind the last byte that was wanted, as where a proxy cuts off the end of chunked coding, is whole. */
async function* partsOf(response: IncomingMessage, range: GatheredRange | undefined): AsyncGenerator<Buffer> {
  try {
    yield* response as AsyncIterable<Buffer>
  } catch (error) {
    if (!range?.isWhole()) throw error
  }
}

function checkLength(length: number, { maxBytes }: HttpCall): void {
  if (length > maxBytes)
    throw new AetherError('integrity', `The hub answers with ${length} bytes where at most ${maxBytes} make sense`)
}

function isCut(error: unknown): boolean {
  return ['ECONNRESET', 'EPIPE'].includes(systemCode(error) ?? '')
}
