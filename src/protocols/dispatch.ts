// From a request to its handler: what holds for every protocol is done here, before any body is read.
import type { Socket } from 'node:net'
import type { Logger } from 'pino'
import { toAetherError } from '../core/errors.ts'
import type { Caller } from '../hub/hub.ts'
import { logAccess } from './access-log.ts'
import { sendError } from './answer.ts'
import { type Exchange, isHttp1, openExchange, type Request, type Response } from './exchange.ts'
import { checkOrigin } from './host-check.ts'
import type { Limits } from './limits.ts'
import type { Metrics } from './metrics.ts'
import { guardBody } from './request-body.ts'
import { countBytesOut, endUnread, watchStall } from './response-watch.ts'
import type { FoundRoute } from './route-table.ts'
import { createSameTurn } from './same-turn.ts'

/** Says who sends a request. @throws {AetherError} `unauthenticated` for credentials that do not hold. */
export type Authenticate = (req: Request) => Caller | Promise<Caller>

/** The RPC protocols, which have answers and errors of their own. */
export interface RpcDoor {
  /** The route to a call; undefined for what is no RPC. */
  find(exchange: Exchange): FoundRoute | undefined
}

export interface DispatcherOptions {
  findRoute(exchange: Exchange): FoundRoute
  rpc: RpcDoor
  authenticate: Authenticate
  /** @throws {AetherError} for requests that no handler may see. */
  checkHost(exchange: Exchange): void
  metrics: Metrics
  logger: Logger
  limits: Limits
  draining(): boolean
}

export interface Dispatcher {
  dispatch(req: Request, res: Response, awaitsContinue: boolean): void
  /** True while a request of this connection is being answered. */
  isBusy(socket: Socket): boolean
}

export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { logger, limits, metrics, draining } = options
  const busy = new WeakMap<Socket, number>()
  const sameTurn = createSameTurn()

  function dispatch(req: Request, res: Response, awaitsContinue: boolean): void {
    const exchange = openExchange(req, res, { logger, limits, awaitsContinue, draining })
    observe(exchange)
    answer(exchange, options, sameTurn).catch((error) => giveUp(exchange, error))
  }

  function observe(exchange: Exchange): void {
    const { res } = exchange
    const started = performance.now()
    metrics.begin()
    if (isHttp1(exchange)) holdConnection(exchange)
    guardBody(exchange)
    countBytesOut(exchange)
    watchStall(exchange)
    endUnread(exchange)
    res.on('error', () => {}) // a write that came too late; the response closes then, and that is what counts
    res.once('close', () => {
      const ms = Math.round((performance.now() - started) * 10) / 10
      metrics.end(exchange, ms)
      logAccess(logger, exchange, ms)
    })
  }

  /** While draining, a kept connection is closed behind its last answer. */
  function holdConnection({ req, res }: Exchange): void {
    const { socket } = req
    busy.set(socket, (busy.get(socket) ?? 0) + 1)
    res.once('close', () => {
      const left = (busy.get(socket) ?? 1) - 1
      busy.set(socket, left)
      if (left === 0 && draining()) socket.destroySoon()
    })
  }

  return { dispatch, isBusy: (socket) => (busy.get(socket) ?? 0) > 0 }
}

async function answer(exchange: Exchange, options: DispatcherOptions, sameTurn: () => Promise<void>): Promise<void> {
  try {
    options.checkHost(exchange)
    checkOrigin(exchange)
    const route = options.rpc.find(exchange) ?? options.findRoute(exchange)
    exchange.route = route.template
    if (!route.open) await identify(exchange, route, options)
    await sameTurn()
    await route.handle(exchange)
  } catch (error) {
    await sendError(exchange, error)
  }
}

async function identify(exchange: Exchange, route: FoundRoute, { authenticate }: DispatcherOptions): Promise<void> {
  try {
    exchange.caller = await authenticate(exchange.req)
  } catch (error) {
    if (!route.tellsRefusal) throw error
    exchange.refusal = toAetherError(error)
  }
}

/** Nothing can be told to the client any more, mostly because it has gone. */
function giveUp(exchange: Exchange, error: unknown): void {
  const { res, signal } = exchange
  if (!signal.aborted) exchange.log.error({ err: error }, 'answer broken off')
  res.destroy()
}
