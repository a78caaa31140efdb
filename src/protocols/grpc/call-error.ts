// What a failed call answers, and what of it goes to the log.
import { ConnectError } from '@connectrpc/connect'
import { AetherError } from '../../core/errors.ts'
import { toConnectError } from '../connect-error.ts'
import type { Exchange } from '../exchange.ts'
import { publicError } from '../http-error.ts'
import { logFailure } from '../log-failure.ts'

/** `signal` tells whether the call's deadline has passed: that is then what the client hears. */
export function callError(cause: unknown, exchange: Exchange, signal?: AbortSignal): ConnectError {
  if (cause instanceof ConnectError) return cause
  if (signal?.aborted && signal.reason instanceof ConnectError) return signal.reason
  const error = exchange.signal.aborted
    ? new AetherError('cancelled', 'The client went away', { cause })
    : publicError(cause, exchange.id)
  exchange.outcome = error.code
  logFailure(exchange, cause, error)
  return toConnectError(error, exchange.id)
}
