// HTTP requests to one hub over kept-alive connections: whole bodies, bounded answers, errors with codes.
import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { rootCertificates } from 'node:tls'
import { AetherError, isAbort, systemCode } from '../core/errors.ts'
import { explainFailure } from './explain-failure.ts'
import { type Endpoint, endpointOf } from './hosts.ts'

/** Without any byte for this long, a connection is given up, in milliseconds. */
const IDLE_TIMEOUT = 60_000
/** Connections to one hub at once. */
const MAX_SOCKETS = 16

export interface HttpCall {
  method: 'GET' | 'PUT' | 'POST'
  path: string
  headers?: Record<string, string | number>
  body?: Uint8Array
  /** Bytes of the answer at most; more is an error before they are taken. */
  maxBytes: number
  /** Milliseconds without a byte. @default 60_000 */
  idleTimeout?: number
  /** For what must not be sent twice: a connection of its own, which cannot have been closed unseen. */
  once?: boolean
  signal?: AbortSignal
}

export interface HttpAnswer {
  status: number
  headers: IncomingMessage['headers']
  body: Buffer
}

export interface HttpCalls {
  /** @throws {AetherError} `unavailable` when the hub cannot be reached or breaks off, `cancelled` */
  send(call: HttpCall): Promise<HttpAnswer>
  close(): void
}

export function createHttpCalls(host: string, options: { plainHttp?: boolean; ca?: string }): HttpCalls {
  const endpoint = endpointOf(host, options)
  const ca = options.ca === undefined ? undefined : [...rootCertificates, options.ca]
  const newAgent = (keepAlive: boolean) =>
    endpoint.tls
      ? new HttpsAgent({ keepAlive, maxSockets: MAX_SOCKETS, ca })
      : new HttpAgent({ keepAlive, maxSockets: MAX_SOCKETS })
  const kept = newAgent(true)
  const fresh = newAgent(false)

  async function send(call: HttpCall): Promise<HttpAnswer> {
    const agent = call.once ? fresh : kept
    try {
      return await sendOnce(endpoint, agent, call)
    } catch (error) {
      // A kept connection may have been closed by the other side while it was idle; the request never got there.
      if (error instanceof StaleSocketError)
        return await sendOnce(endpoint, agent, call).catch((cause) => fail(host, cause))
      return fail(host, error)
    }
  }

  function close(): void {
    kept.destroy()
    fresh.destroy()
  }

  return { send, close }
}

class StaleSocketError extends Error {}

function sendOnce(endpoint: Endpoint, agent: HttpAgent | HttpsAgent, call: HttpCall): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const { hostname, port, tls } = endpoint
    const headers = call.body ? { 'content-length': call.body.length, ...call.headers } : call.headers
    const options: RequestOptions = {
      agent,
      host: hostname,
      port,
      method: call.method,
      path: call.path,
      headers,
      signal: call.signal,
    }
    const request = (tls ? httpsRequest : httpRequest)(options, (response) => {
      readBody(response, call.maxBytes).then(
        (body) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
        reject,
      )
    })
    request.setTimeout(call.idleTimeout ?? IDLE_TIMEOUT, () =>
      request.destroy(new AetherError('unavailable', 'no byte came for too long')),
    )
    request.on('error', (error) => reject(isStale(request, error) ? new StaleSocketError('', { cause: error }) : error))
    request.end(call.body)
  })
}

function isStale(request: ClientRequest, error: Error): boolean {
  return request.reusedSocket && ['ECONNRESET', 'EPIPE'].includes(systemCode(error) ?? '')
}

async function readBody(response: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const announced = Number(response.headers['content-length'] ?? Number.NaN)
  if (announced > maxBytes) {
    response.destroy()
    throw new AetherError('integrity', `The hub answers with ${announced} bytes where at most ${maxBytes} make sense`)
  }
  const parts: Buffer[] = []
  let length = 0
  for await (const part of response as AsyncIterable<Buffer>) {
    length += part.length
    if (length > maxBytes) throw new AetherError('integrity', `The hub answers with over ${maxBytes} bytes`)
    parts.push(part)
  }
  if (!response.complete) throw new AetherError('unavailable', 'the answer broke off')
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts, length)
}

function fail(host: string, error: unknown): never {
  if (isAbort(error)) throw new AetherError('cancelled', 'Cancelled', { cause: error })
  if (error instanceof AetherError && error.code !== 'unavailable') throw error
  const cause = error instanceof StaleSocketError ? error.cause : error
  const { reason, hint } = explainFailure(host, cause)
  throw new AetherError('unavailable', `Cannot reach the hub ${host}: ${reason}`, { cause, hint })
}
