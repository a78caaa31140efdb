// A proxy that does to HTTP/1 what networks, load balancers and servers under load do to it, by a seed. It stands in front of
// a real server, a hub or an S3, and forwards whole bodies: tests move some megabytes at most.
import {
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { createFaults, type FaultRates, type FaultSource, withFlippedBit } from './faults.fixture.ts'
import { newSeed, type Random } from './random.fixture.ts'

export const PROXY_FAULTS = [
  'slow-down', // 503 with Retry-After, not forwarded
  'reset', // the connection ends, not forwarded
  'lost', // forwarded and carried out, then the connection ends
  'truncated', // the connection ends in the middle of the answer
  'flipped', // one bit is wrong: of the request's body if it has one, else of the answer's unless that is a refusal
  'stalled', // the answer pauses, before it or in the middle
  'hung', // no answer ever: forwarded or not
] as const
export type ProxyFault = (typeof PROXY_FAULTS)[number]

export interface FaultProxyOptions {
  /** Address of the server behind it, "http://host:port". */
  target: string
  rates: FaultRates<ProxyFault>
  /** @default newSeed(); the caller prints it. */
  seed?: number
  /** Milliseconds of a stall at most. @default 50 */
  stallMs?: number
  /** Seconds that Retry-After names at most. @default 0 */
  retryAfter?: number
  /** Body of a 503. @default none */
  slowDownBody?: string
  /** Whether a fault may strike such a request. @default always */
  mayStrike?: (fault: ProxyFault, method: string, path: string) => boolean
}

export interface FaultProxy extends AsyncDisposable, Pick<FaultSource<ProxyFault>, 'injected' | 'totals' | 'ail'> {
  url: string
  /** Host and port, as references have it. */
  host: string
  seed: number
  /** No more faults, until `ail`. What hangs is reset. */
  heal(): void
}

interface Answer {
  status: number
  headers: IncomingHttpHeaders
  body: Buffer
}

export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const { seed = newSeed(), rates, stallMs = 50, retryAfter = 0, mayStrike = () => true } = options
  const target = new URL(options.target)
  const faults = createFaults(PROXY_FAULTS, rates, seed)
  const hanging = new Set<ServerResponse>()
  const server = createServer((incoming, response) => {
    handle(incoming, response).catch(() => response.destroy()) // one of the two sides went away
  })

  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = incoming
    const possible = PROXY_FAULTS.filter((fault) => mayStrike(fault, method, url))
    const { fault, random } = faults.draw(`${method} ${withoutChance(url)}`, possible)
    if (fault === 'reset' && random.chance(0.5)) return void response.destroy()
    const sent = await bodyOf(incoming)
    if (fault === 'reset') return void response.destroy()
    if (fault === 'slow-down') return slowDown(response, random)
    if (fault === 'hung') hanging.add(response)
    if (fault === 'hung' && random.chance(0.5)) return
    const asked = fault === 'flipped' && sent.length > 0
    const answer = await forward(incoming, asked ? Buffer.from(withFlippedBit(sent, random)) : sent)
    if (fault === 'hung') return
    if (fault === 'lost') return void response.destroy()
    if (fault === 'flipped' && !asked && answer.status < 300)
      answer.body = Buffer.from(withFlippedBit(answer.body, random))
    await deliver(response, answer, fault, random)
  }

  function slowDown(response: ServerResponse, random: Random): void {
    const { slowDownBody = '' } = options
    const wait = String(random.int(0, retryAfter))
    response.writeHead(503, { 'retry-after': wait, 'content-length': Buffer.byteLength(slowDownBody) })
    response.end(slowDownBody)
  }

  function forward({ method, url, headers }: IncomingMessage, body: Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const place = { host: target.hostname, port: target.port, agent: false }
      const sent = { ...headers, connection: 'close', 'content-length': body.length }
      const request = httpRequest({ ...place, method, path: url, headers: sent }, (answer) => {
        const { statusCode: status = 0, headers } = answer
        bodyOf(answer).then((body) => resolve({ status, headers, body }), reject)
      })
      request.on('error', reject).end(body)
    })
  }

  async function deliver(
    response: ServerResponse,
    { status, headers, body }: Answer,
    fault: ProxyFault | undefined,
    random: Random,
  ): Promise<void> {
    const { connection: _, 'transfer-encoding': __, ...kept } = headers
    const hasBody = response.req.method !== 'HEAD' && status !== 304 && status !== 204
    const place = random.int(0, Math.max(0, body.length - 1))
    if (fault === 'stalled' && random.chance(0.5)) await delay(random.int(0, stallMs))
    response.writeHead(status, hasBody ? { ...kept, 'content-length': body.length } : kept)
    if (fault === 'truncated') return void response.write(body.subarray(0, place), () => response.destroy())
    if (fault === 'stalled') {
      response.write(body.subarray(0, place))
      await delay(random.int(0, stallMs))
      body = body.subarray(place)
    }
    response.end(hasBody ? body : undefined)
  }

  function heal(): void {
    faults.heal()
    for (const response of hanging) response.destroy()
    hanging.clear()
  }

  async function stop(): Promise<void> {
    server.close()
    server.closeAllConnections()
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const { injected, totals, ail } = faults
  return { url: `http://${host}`, host, seed, injected, totals, ail, heal, [Symbol.asyncDispose]: stop }
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of message as AsyncIterable<Buffer>) parts.push(part)
  if (!message.complete) throw new Error('The message broke off')
  return Buffer.concat(parts)
}

/** Names of log entries differ from run to run, so that they would bring other faults each time. */
function withoutChance(path: string): string {
  return path.replace(/\/log\/[^?]*/, '/log/*')
}
