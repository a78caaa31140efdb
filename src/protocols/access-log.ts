// One log line for each request. Queries are left out: they may carry secrets.
import type { Logger } from 'pino'
import { type Exchange, isAnswered } from './exchange.ts'

/** Longest path that is logged, in characters. */
const MAX_PATH = 512

export function logAccess(log: Logger, exchange: Exchange, ms: number): void {
  const { id, method, path, route, res, bytesIn, bytesOut, caller, outcome } = exchange
  const status = isAnswered(res) ? res.statusCode : 499
  const error = outcome ?? (status === 499 ? 'cancelled' : undefined)
  const line = {
    requestId: id,
    method,
    path: path.slice(0, MAX_PATH),
    route,
    status,
    ms,
    bytesIn,
    bytes: bytesOut,
    subject: caller.subject,
    error,
  }
  if (status >= 500 && status !== 503) log.error(line, 'request')
  else if (isProbe(route)) log.debug(line, 'request')
  else log.info(line, 'request')
}

function isProbe(route: string): boolean {
  return route === '/healthz' || route === '/readyz' || route === '/metrics'
}
