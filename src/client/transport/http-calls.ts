// Calls to one hub over kept-alive connections: errors have codes, and what the hub answers instead is one of them.
import type { Agent, AgentOptions } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { LookupFunction } from 'node:net'
import { rootCertificates } from 'node:tls'
import { AetherError, isAbort } from '../../core/errors.ts'
import { endpointOf } from '../hosts.ts'
import { explainFailure } from './explain-failure.ts'
import { type HttpAnswer, type HttpCall, type HttpCalls, UnansweredError } from './http-call.ts'
import { errorOf } from './http-errors.ts'
import { ExchangeError, exchange, type Timeouts } from './http-exchange.ts'
import { Agent as HttpAgent } from './node-http.ts'
import type { RateLimit } from './rate-limit.ts'

/** Milliseconds until a connection that does not come about is given up: a name server may take half of that to answer. */
const CONNECT_TIMEOUT = 10_000
/** Milliseconds without a byte in either direction until a call is given up. */
const SILENCE_TIMEOUT = 30_000
/** Connections to one hub at once. */
const MAX_SOCKETS = 20
/** Milliseconds without a byte after which the system asks whether the other machine is still there. */
const PROBE_AFTER = 15_000

export interface HttpOptions {
  plainHttp?: boolean
  ca?: string
  rate?: RateLimit
  timeouts?: Partial<Timeouts>
  lookup?: LookupFunction
}

export function createHttpCalls(host: string, options: HttpOptions): HttpCalls {
  const endpoint = endpointOf(host, options)
  const timeouts = { connect: CONNECT_TIMEOUT, silence: SILENCE_TIMEOUT, ...options.timeouts }
  const wire = { endpoint, timeouts, rate: options.rate, lookup: options.lookup }
  const kept = newAgent(endpoint.tls, options.ca, { keepAlive: true, keepAliveMsecs: PROBE_AFTER })
  const fresh = newAgent(endpoint.tls, options.ca, { keepAlive: false })

  async function send(call: HttpCall): Promise<HttpAnswer> {
    const answer = await deliver(call).catch((error) => fail(host, call, error))
    if (answer.status < 200 || answer.status > 299) throw errorOf(host, answer)
    return answer
  }

  async function deliver(call: HttpCall): Promise<HttpAnswer> {
    if (call.once) return exchange(call, { ...wire, agent: fresh })
    try {
      return await exchange(call, { ...wire, agent: kept })
    } catch (error) {
      if (!(error instanceof ExchangeError && error.stale)) throw error
      return exchange(call, { ...wire, agent: fresh })
    }
  }

  function close(): void {
    kept.destroy()
    fresh.destroy()
  }

  return { send, close }
}

function newAgent(tls: boolean, ca: string | undefined, options: AgentOptions): Agent | HttpsAgent {
  const all = { ...options, maxSockets: MAX_SOCKETS, keepAliveInitialDelay: PROBE_AFTER }
  if (!tls) return new HttpAgent(all)
  return new HttpsAgent({ ...all, ca: ca === undefined ? undefined : [...rootCertificates, ca] })
}

function fail(host: string, { signal }: HttpCall, error: unknown): never {
  const cause = error instanceof ExchangeError ? error.cause : error
  if (isAbort(cause) || signal?.aborted) throw new AetherError('cancelled', 'Cancelled', { cause })
  if (cause instanceof AetherError && cause.code !== 'unavailable') throw cause
  const { reason, hint } = explainFailure(host, cause)
  const sent = error instanceof ExchangeError ? error.sent : true
  throw new UnansweredError(`Cannot reach the hub ${host}: ${reason}`, sent, { cause, hint })
}
