// The way from a client to the hub that it was told to use, or to several hubs of one store: again when it fails, fewer
// transfers at once when a hub has too many, another hub when there is one, and never faster than it may.

import { createAdaptiveLimit } from '../../storage/adaptive-limit.ts'
import { parseHosts } from '../hosts.ts'
import { createFailingOver } from './failing-over.ts'
import type { HttpCalls } from './http-call.ts'
import { createHttpCalls, type HttpOptions } from './http-calls.ts'
import type { RateLimit } from './rate-limit.ts'
import { createRetryingCalls } from './retrying-calls.ts'

export interface TransportOptions extends HttpOptions {
  /** Milliseconds of trying without any success. @default 30_000 */
  retryFor?: number
  /** Told why calls are tried again, or go to another hub. */
  onWarning?: (text: string) => void
}

export interface Transport extends HttpCalls {
  /** The hub that calls go to at present. */
  host(): string
}

/** Milliseconds: longer than a hub takes to start again. */
const RETRY_FOR = 30_000
/** Transfers under way at once. */
const TRANSFERS = { least: 2, most: 16 }
/** Transfers of our own that wait for others of ours are nobody's fault. */
const PATIENT = { maxWaiting: Infinity, maxWait: Infinity }
/** Bytes a second that each transfer needs at least: a hub takes slower ones for dead. */
const WORTH_A_TRANSFER = 64 * 1024

/** @param hosts one, or several separated by commas */
export function createTransport(hosts: string, options: TransportOptions = {}): Transport {
  const { retryFor = RETRY_FOR, onWarning } = options
  const hubs = parseHosts(hosts).map((host) => ({ host, calls: createHttpCalls(host, options) }))
  const hub = createFailingOver(hubs, (failure, to) => onWarning?.(`${failure.message}; going on with ${to}`))
  const calls = createRetryingCalls(limitTransfers(hub, options.rate), { retryFor, onWarning })
  return { ...calls, host: hub.host }
}

function limitTransfers(calls: HttpCalls, rate: RateLimit | undefined): HttpCalls {
  const most = Math.min(TRANSFERS.most, Math.max(1, Math.floor((rate?.bytesPerSecond ?? Infinity) / WORTH_A_TRANSFER)))
  const limit = createAdaptiveLimit({ first: most, most, least: Math.min(TRANSFERS.least, most), ...PATIENT })
  const send: HttpCalls['send'] = (call) =>
    call.bulk ? limit.run(() => calls.send(call), call.signal) : calls.send(call)
  return { ...calls, send }
}
