// Servers on free ports of the loopback address, for tests, and plain ways to talk to them.
import { connect, type Socket } from 'node:net'
import { after } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { pino } from 'pino'
import { fakeHub } from './hub.fixture.ts'
import { createHubServer, type HubServer, type HubServerOptions } from './serve.ts'

export type LogLine = Record<string, unknown>

export interface TestServer {
  server: HubServer
  port: number
  url: string
  log: LogLine[]
}

/** Ends with the tests of the file. */
export async function startServer(options: Partial<HubServerOptions> = {}): Promise<TestServer> {
  const log: LogLine[] = []
  const logger = pino({ level: 'debug' }, { write: (line: string) => log.push(JSON.parse(line)) })
  const server = createHubServer({ hub: fakeHub(), version: '0.0.0', logger, ...options })
  const { port, url } = await server.listen('127.0.0.1', 0)
  after(() => server.drain(0))
  return { server, port, url, log }
}

export interface RawConnection {
  socket: Socket
  /** All that has come so far. */
  text(): string
  /** Resolves when the server has closed its side, or the connection has failed. */
  closed: Promise<void>
}

export async function openRaw(port: number, options: { allowHalfOpen?: boolean } = {}): Promise<RawConnection> {
  const socket = connect({ port, host: '127.0.0.1', ...options })
  const parts: Buffer[] = []
  const { promise: closed, resolve } = Promise.withResolvers<void>()
  socket.on('data', (part: Buffer) => parts.push(part))
  socket
    .on('end', resolve)
    .on('close', () => resolve())
    .on('error', () => resolve())
  await new Promise((done) => socket.once('connect', done))
  return { socket, text: () => Buffer.concat(parts).toString('latin1'), closed }
}

/** Waits until something holds; fails after ten seconds. */
export async function until(holds: () => boolean | Promise<boolean>, what = 'the condition'): Promise<void> {
  const deadline = Date.now() + 10_000
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`Waited too long for ${what}`)
    await delay(5)
  }
}
