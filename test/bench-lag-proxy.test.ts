// The link of the bench. Times are only checked from below: a machine with much to do is slow in everything.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { type LagProxyOptions, startLagProxy } from '../bench/lag-proxy.ts'
import { randomBytesOf } from './testing/random.fixture.ts'

const FAST = 1e9

/** A server that does `serve` with each connection, with the link in front of it. */
async function linkTo(serve: (socket: Socket) => void, options: Omit<LagProxyOptions, 'target'>) {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {})
    serve(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const proxy = await startLagProxy({ target: { port: (server.address() as AddressInfo).port }, ...options })
  return {
    proxy,
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]()
      server.close()
    },
  }
}

async function ask(port: number, bytes: Uint8Array): Promise<{ answer: Buffer; ms: number }> {
  const started = performance.now()
  const socket = connect({ port, allowHalfOpen: true })
  socket.end(bytes)
  return { answer: await buffer(socket), ms: performance.now() - started }
}

describe('lag proxy', () => {
  it('carries bytes unchanged in both directions, and counts them', async () => {
    await using link = await linkTo((socket) => socket.pipe(socket), { latencyMs: 2, bytesPerSecond: FAST })
    const sent = randomBytesOf(3_000_000, 'lag')
    const { answer } = await ask(link.proxy.port, sent)
    assert.ok(answer.equals(sent))
    assert.equal(link.proxy.sentUp(), sent.length)
    assert.equal(link.proxy.sentDown(), sent.length)
  })

  it('makes a first answer wait for two round trips: one is the handshake', async () => {
    await using link = await linkTo((socket) => socket.pipe(socket), { latencyMs: 60, bytesPerSecond: FAST })
    const { ms } = await ask(link.proxy.port, Buffer.from('hello'))
    assert.ok(ms >= 119, `it took ${ms} ms`)
  })

  it('lets no more through than its rate, however many connections there are', async () => {
    const bytes = Buffer.alloc(100_000)
    await using link = await linkTo((socket) => socket.resume().end(bytes), { latencyMs: 2, bytesPerSecond: 2e6 })
    const started = performance.now()
    const answers = await Promise.all([1, 2, 3, 4].map(() => ask(link.proxy.port, Buffer.from('?'))))
    const ms = performance.now() - started
    assert.ok(answers.every(({ answer }) => answer.equals(bytes)))
    assert.ok(ms >= 200, `400 kB at 2 MB/s took ${ms} ms`)
  })

  it('stops reading from a server whose client does not take what it gets', async () => {
    let taken = 0
    const endless = (socket: Socket) => {
      const push = () => {
        while (!socket.destroyed && socket.write(Buffer.alloc(65_536))) taken += 65_536
      }
      socket.on('drain', push)
      push()
    }
    await using link = await linkTo(endless, { latencyMs: 2, bytesPerSecond: FAST })
    const socket = connect({ port: link.proxy.port })
    await once(socket, 'readable')
    // Without a bound it would take everything that fits into a second of such a link.
    for (let before = -1; before !== taken; ) {
      before = taken
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    assert.ok(taken < 100_000_000, `it took ${taken} bytes`)
    socket.destroy()
  })

  it('ends the connection to the client when that to the server breaks', async () => {
    await using link = await linkTo((socket) => socket.resetAndDestroy(), { latencyMs: 2, bytesPerSecond: FAST })
    const socket = connect({ port: link.proxy.port })
    socket.on('error', () => {})
    await once(socket, 'close')
  })
})
