// A server that does with each request what a test tells it to, good or bad.
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface ScriptedServer extends AsyncDisposable {
  /** Host and port. */
  host: string
  port: number
  /** "GET /path" of each request, in their order; with the range that it asked for. */
  requests: string[]
  /** Bytes of bodies that came in. */
  received(): number
  /** Ends it, and all its connections. */
  stop(): Promise<void>
}

/** @param script what is done with each request, one after the other; the last one is repeated */
export async function scriptedServer(...script: RequestListener[]): Promise<ScriptedServer> {
  const requests: string[] = []
  let bytes = 0
  const server = createServer((request, response) => {
    const { method, url, headers } = request
    requests.push([method, url, headers.range].filter(Boolean).join(' '))
    request.on('data', (part: Buffer) => {
      bytes += part.length
    })
    request.on('error', () => {}) // a client that went away
    script[Math.min(requests.length, script.length) - 1]!(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const stop = async () => {
    server.close()
    server.closeAllConnections()
  }
  return { host: `127.0.0.1:${port}`, port, requests, received: () => bytes, stop, [Symbol.asyncDispose]: stop }
}

/** Answers when all of the request has come. */
export function answering(status: number, body = 'ok', headers: Record<string, string> = {}): RequestListener {
  return (request, response) => void afterBody(request, () => response.writeHead(status, headers).end(body))
}

/** Takes the request and never answers. */
export const hanging: RequestListener = () => {}

/** Breaks the connection off without an answer. */
export const resetting: RequestListener = (request) => void request.socket.resetAndDestroy()

/** Sends so many bytes of the body that it announces, and breaks off. */
export function truncating(body: string, bytes: number, status = 200, headers = {}): RequestListener {
  return (_, response) => {
    response.writeHead(status, { ...headers, 'content-length': body.length })
    response.write(body.slice(0, bytes), () => response.destroy())
  }
}

function afterBody(request: IncomingMessage, then: () => void): void {
  if (request.complete) then()
  else request.once('end', then)
}
