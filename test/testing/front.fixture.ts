// What may stand between a client and a hub: passes requests on and counts them, loses answers, and dies when it is told to.
import { Agent, createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream/promises'

export interface Front extends AsyncDisposable {
  /** Host and port, as references have it. */
  host: string
  /** "PUT /path" of what came in whole. */
  requests: string[]
  /** Those whose answers went out. */
  answered: string[]
  /** Bytes of bodies that came in and went out, of requests that match. */
  bytesIn(pattern: RegExp): number
  bytesOut(pattern: RegExp): number
  /** Ends it and all its connections at once. */
  die(): Promise<void>
}

export interface FrontOptions {
  /** Called with "PUT /path" when the hub has answered. True: the client does not get the answer. */
  losesAnswer?: (request: string, front: Front) => boolean | Promise<boolean>
  /** Called with "PUT /path" when a request begins. */
  onRequest?: (request: string, front: Front) => void
}

interface Traffic {
  request: string
  in: number
  out: number
}

export async function startFront(target: string, options: FrontOptions = {}): Promise<Front> {
  const { losesAnswer = () => false, onRequest = () => {} } = options
  const agent = new Agent({ keepAlive: true })
  const traffic: Traffic[] = []
  const requests: string[] = []
  const answered: string[] = []

  const server = createServer((request, response) => {
    const seen: Traffic = { request: `${request.method} ${request.url}`, in: 0, out: 0 }
    traffic.push(seen)
    onRequest(seen.request, front)
    pass(request, response, seen).catch(() => response.destroy()) // either side went away
  })

  async function pass(request: IncomingMessage, response: ServerResponse, seen: Traffic): Promise<void> {
    request.on('data', (part: Buffer) => {
      seen.in += part.length
    })
    const [hostname, port] = target.split(':')
    const { method, url, headers } = request
    const onward = httpRequest({ agent, hostname, port, method, path: url, headers: { ...headers, host: target } })
    const coming = new Promise<IncomingMessage>((resolve, reject) =>
      onward.once('response', resolve).once('error', reject),
    )
    await Promise.all([pipeline(request, onward), coming])
    requests.push(seen.request)
    const answer = await coming
    if (await losesAnswer(seen.request, front)) return void response.destroy()
    answer.on('data', (part: Buffer) => {
      seen.out += part.length
    })
    response.writeHead(answer.statusCode ?? 500, answer.headers)
    await pipeline(answer, response)
    answered.push(seen.request)
  }

  const sumOf = (pattern: RegExp, side: 'in' | 'out') =>
    traffic.filter(({ request }) => pattern.test(request)).reduce((sum, seen) => sum + seen[side], 0)

  async function die(): Promise<void> {
    server.close()
    server.closeAllConnections()
    agent.destroy()
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const front: Front = {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    answered,
    bytesIn: (pattern) => sumOf(pattern, 'in'),
    bytesOut: (pattern) => sumOf(pattern, 'out'),
    die,
    [Symbol.asyncDispose]: die,
  }
  return front
}
