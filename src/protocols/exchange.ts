// One request and its answer, as every protocol here sees them, over HTTP/1.1 and HTTP/2 alike.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import type { Logger } from 'pino'
import type { AetherError, ErrorCode } from '../core/errors.ts'
import { ANONYMOUS, type Caller } from '../hub/hub.ts'
import type { Limits } from './limits.ts'
import { REQUEST_ID_HEADER, requestIdOf } from './request-id.ts'
import { splitTarget } from './request-target.ts'

export type Request = IncomingMessage | Http2ServerRequest
export type Response = ServerResponse | Http2ServerResponse

export interface Exchange {
  readonly req: Request
  readonly res: Response
  readonly id: string
  readonly method: string
  /** As it came, percent-encoded, without the query. */
  readonly path: string
  /** As it came, without the question mark. */
  readonly query: string
  /** Host and port that the client asked for; undefined when it named none. */
  readonly authority: string | undefined
  /** Aborts when the client goes away before it has the whole answer. */
  readonly signal: AbortSignal
  /** Writes the request id with every line. */
  readonly log: Logger
  readonly limits: Limits
  /** The client sends its body only after it has been told to. */
  awaitsContinue: boolean
  /** The client may send nothing for as long as it likes before its body goes on. */
  bodyMayRest: boolean
  /** True when the server is about to end, so that connections are not to be kept. */
  readonly draining: () => boolean
  caller: Caller
  /** Why the caller is refused, for protocols that answer that in words of their own. */
  refusal: AetherError | undefined
  /** Template of the path, for metrics. */
  route: string
  /** What the call ended in, for the log. */
  outcome: ErrorCode | undefined
  /** Bytes of both bodies so far. */
  bytesIn: number
  bytesOut: number
}

export interface ExchangeOptions {
  logger: Logger
  limits: Limits
  awaitsContinue: boolean
  draining: () => boolean
}

export function openExchange(
  req: Request,
  res: Response,
  { logger, limits, awaitsContinue, draining }: ExchangeOptions,
): Exchange {
  const id = requestIdOf(req.headers[REQUEST_ID_HEADER])
  let log: Logger | undefined
  res.setHeader(REQUEST_ID_HEADER, id)
  res.setHeader('x-content-type-options', 'nosniff')
  return {
    req,
    res,
    id,
    method: req.method ?? '',
    ...splitTarget(req),
    signal: closeSignal(res),
    get log() {
      log ??= logger.child({ requestId: id }) // most requests have nothing to say
      return log
    },
    limits,
    awaitsContinue,
    bodyMayRest: false,
    draining,
    caller: ANONYMOUS,
    refusal: undefined,
    route: 'unmatched',
    outcome: undefined,
    bytesIn: 0,
    bytesOut: 0,
  }
}

function closeSignal(res: Response): AbortSignal {
  const controller = new AbortController()
  res.once('close', () => {
    if (!isAnswered(res)) controller.abort()
  })
  return controller.signal
}

/** True when the whole answer has been handed to the network. To be asked when the response has closed. */
export function isAnswered(res: Response): boolean {
  if (!('stream' in res)) return res.writableFinished
  // A stream that is reset counts as finished, so that is not what to ask.
  return res.writableEnded && !res.stream.aborted && res.stream.rstCode === 0
}

/** True when the answer goes out over HTTP/1.1, where a connection can be ended by a header. */
export function isHttp1(exchange: Exchange): boolean {
  return exchange.req.httpVersionMajor === 1
}

/** True when the client has sent all of its body, or has none. */
export function hasWholeBody(exchange: Exchange): boolean {
  return exchange.req.complete || !announcesBody(exchange)
}

/** True when the headers say that a body of at least one byte comes behind them. */
export function announcesBody({ req }: Exchange): boolean {
  const length = req.headers['content-length']
  if (length !== undefined) return length !== '0'
  return 'stream' in req ? !req.stream.endAfterHeaders : req.headers['transfer-encoding'] !== undefined
}
