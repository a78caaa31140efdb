// The transport against servers that misbehave, over real connections.
import assert from 'node:assert/strict'
import type { RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, createServer, type LookupFunction, type Socket } from 'node:net'
import { describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { TEST_ONLY_TLS } from '../../protocols/test-only-tls.fixture.ts'
import { createGatheredRange } from './gathered-range.ts'
import type { HttpCall } from './http-call.ts'
import { createRateLimit } from './rate-limit.ts'
import { answering, hanging, resetting, scriptedServer, truncating } from './scripted-server.fixture.ts'
import { createTransport, type TransportOptions } from './transport.ts'

const QUICK = { connect: 300, silence: 150 }
const GET: HttpCall = { method: 'GET', path: '/', maxBytes: 1e8 }

/** One that has answered once, so that it is known to be a hub. */
async function transportTo(hosts: string, options: TransportOptions = {}) {
  const warnings: string[] = []
  const onWarning = (text: string) => void warnings.push(text)
  const transport = createTransport(hosts, { timeouts: QUICK, retryFor: 5000, onWarning, ...options })
  const ask = async (more: Partial<HttpCall> = {}) => (await transport.send({ ...GET, ...more })).body.toString()
  assert.equal(await ask(), 'hello')
  return { transport, ask, warnings, [Symbol.asyncDispose]: async () => transport.close() }
}

const hello = answering(200, 'hello')

describe('createTransport', () => {
  const FAULTS: Record<string, RequestListener> = {
    'breaks off': resetting,
    hangs: hanging,
    'answers in part': truncating('done', 2),
    'is overloaded': answering(503, '', { 'retry-after': '0' }),
    'has a proxy that does not reach it': answering(502),
    'wants fewer requests': answering(429, '', { 'retry-after': new Date(0).toUTCString() }),
  }
  for (const [what, fault] of Object.entries(FAULTS)) {
    it(`asks again when a hub ${what}`, async () => {
      await using server = await scriptedServer(hello, fault, fault, answering(200, 'done'))
      await using to = await transportTo(server.host)
      assert.equal(await to.ask({ method: 'PUT', body: Buffer.from('body') }), 'done')
      assert.equal(server.requests.length, 4)
      assert.equal(to.warnings.length, 1)
      assert.match(to.warnings[0]!, /^(Cannot reach the hub|The hub) 127.*; trying again$/)
    })
  }

  it('waits as long as the hub asks it to', async () => {
    await using server = await scriptedServer(hello, answering(503, '', { 'retry-after': '1' }), answering(200, 'done'))
    await using to = await transportTo(server.host)
    const begun = performance.now()
    assert.equal(await to.ask(), 'done')
    assert.ok(performance.now() - begun >= 1000)
  })

  it('takes no answer to a call that it has given up for that of another', async () => {
    const late: RequestListener = (_, response) => void delay(400).then(() => response.end('late'))
    await using server = await scriptedServer(hello, late, answering(200, 'one'), answering(200, 'two'))
    await using to = await transportTo(server.host)
    assert.equal(await to.ask(), 'one')
    await delay(500)
    assert.equal(await to.ask(), 'two')
  })

  it('takes a part of a block that broke off behind its last byte', async () => {
    const cut: RequestListener = (_, response) => {
      response.writeHead(206, { 'content-range': 'bytes 10-19/100' })
      response.write('0123456789', () => void delay(20).then(() => response.destroy())) // without the end of its chunked coding
    }
    await using server = await scriptedServer(hello, cut, answering(416))
    await using to = await transportTo(server.host)
    const range = createGatheredRange({ offset: 10, length: 10 })
    await to.ask({ range })
    assert.equal(Buffer.from(range.bytes()).toString(), '0123456789')
    assert.equal(server.requests.length, 2)
  })

  it('goes on where a part of a block broke off', async () => {
    const ranged = { 'content-range': 'bytes 10-19/100' }
    const rest = { 'content-range': 'bytes 14-19/100' }
    await using server = await scriptedServer(
      hello,
      truncating('0123456789', 4, 206, ranged),
      answering(206, '456789', rest),
    )
    await using to = await transportTo(server.host)
    const range = createGatheredRange({ offset: 10, length: 10 })
    assert.equal(await to.ask({ range }), '')
    assert.equal(Buffer.from(range.bytes()).toString(), '0123456789')
    assert.deepEqual(server.requests, ['GET /', 'GET / bytes=10-19', 'GET / bytes=14-19'])
  })

  it('does not take an error or another range for bytes of a block', async () => {
    await using server = await scriptedServer(
      hello,
      answering(503, 'x'.repeat(10)),
      answering(206, 'y'.repeat(10), { 'content-range': 'bytes 0-9/100' }),
    )
    await using to = await transportTo(server.host)
    const range = createGatheredRange({ offset: 10, length: 10 })
    assert.equal(await to.ask({ range }), 'y'.repeat(10)) // for the caller to look at
    assert.equal(range.bytes().length, 0)
  })

  it('gives up an upload that does not move, however much the system would still take', async () => {
    const stuck: RequestListener = (request) => void request.pause()
    await using server = await scriptedServer(hello, stuck, answering(200, 'done'))
    await using to = await transportTo(server.host)
    const body = Buffer.alloc(32 * 1024 * 1024)
    assert.equal(await to.ask({ method: 'PUT', body, bulk: true }), 'done')
    assert.match(to.warnings[0]!, /no byte came or went for 0.15 s; trying again/)
  })

  it('lets an upload and an answer take long as long as they move', async () => {
    const crawling: RequestListener = async (request, response) => {
      for await (const _ of request) await delay(2)
      for (let i = 0; i < 8; i++) {
        response.write('.')
        await delay(50)
      }
      response.end()
    }
    await using server = await scriptedServer(hello, crawling)
    await using to = await transportTo(server.host, { timeouts: { connect: 300, silence: 250 }, retryFor: 0 })
    const body = Buffer.alloc(8 * 1024 * 1024)
    assert.equal(await to.ask({ method: 'PUT', body, answerTimeout: 5000 }), '........')
    assert.equal(server.requests.length, 2)
  })

  it('notices a hub that hangs while an answer may take long', async () => {
    await using server = await scriptedServer(hello, hanging)
    await using to = await transportTo(server.host, { retryFor: 0 })
    const call = { method: 'POST', path: '/publish', answerTimeout: 3_600_000 } as const
    await assert.rejects(to.ask(call), { code: 'unavailable', message: /it hangs/, sent: true })
    assert.deepEqual(server.requests.slice(1), ['POST /publish', 'GET /healthz', 'GET /healthz'])
  })

  it('takes whatever else the hub answers meanwhile, or refuses, for a sign of life', async () => {
    const waiting: (() => void)[] = []
    const slow: RequestListener = (_, response) => void waiting.push(() => response.end('published'))
    const ending: RequestListener = (request) => {
      request.socket.destroy()
      for (const answer of waiting) answer()
    }
    await using server = await scriptedServer(hello, slow, hanging, answering(404), hanging, resetting, ending)
    await using to = await transportTo(server.host, { retryFor: 0 })
    assert.equal(await to.ask({ method: 'POST', path: '/publish', answerTimeout: 3_600_000 }), 'published')
    assert.equal(server.requests.length, 7)
  })

  it('stops sending what the hub refuses before it has all of it', async () => {
    const refusing: RequestListener = (request, response) => {
      request.pause()
      response.writeHead(413).end('no')
    }
    await using server = await scriptedServer(hello, refusing)
    await using to = await transportTo(server.host)
    const body = Buffer.alloc(32 * 1024 * 1024)
    await assert.rejects(to.ask({ method: 'PUT', body }), { code: 'too-large' })
    assert.ok(server.received() < body.length)
  })

  it('never sends twice what must not be repeated, unless it did not leave', async () => {
    for (const fault of [resetting, hanging, answering(503)]) {
      await using server = await scriptedServer(hello, fault)
      await using to = await transportTo(server.host)
      await assert.rejects(to.ask({ once: true }), { code: 'unavailable' })
      assert.equal(server.requests.length, 2)
    }
    await using second = await scriptedServer(hello)
    await using first = await scriptedServer(hello)
    await using to = await transportTo(`${first.host},${second.host}`)
    await first.stop()
    assert.equal(await to.ask({ once: true }), 'hello')
  })

  it('goes on with another hub at once, and says so', async () => {
    await using first = await scriptedServer(hello, answering(503, '', { 'retry-after': '9' }), hello)
    await using second = await scriptedServer(answering(200, 'from the second'))
    await using to = await transportTo(`${first.host},${second.host}`)
    assert.equal(await to.ask(), 'from the second')
    assert.equal(to.transport.host(), second.host)
    assert.deepEqual(to.warnings, [`The hub ${first.host} answers with status 503; going on with ${second.host}`])
    await second.stop()
    assert.equal(await to.ask(), 'hello')
    assert.equal(to.transport.host(), first.host)
  })

  it('speaks TLS, over connections that are kept, and checks the name', async () => {
    let connections = 0
    const server = createTlsServer(TEST_ONLY_TLS, (request, response) => void request.pipe(response))
    server.on('secureConnection', () => connections++)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const options = { lookup: toLoopback, ca: String(TEST_ONLY_TLS.cert), retryFor: 0 }
    const transport = createTransport(`localhost.:${port}`, options) // with the point it is no loopback name
    const body = Buffer.alloc(3_000_000, 'body')
    for (let i = 0; i < 3; i++)
      assert.ok((await transport.send({ ...GET, method: 'PUT', body })).body.equals(body), `round ${i}`)
    assert.equal(connections, 1)
    const other = createTransport(`hub.example.com:${port}`, options)
    await assert.rejects(other.send(GET), { message: /certificate is for another name/, sent: false })
    for (const one of [transport, other]) one.close()
    server.close()
  })

  it('uses whichever address of a name answers', async () => {
    await using server = await scriptedServer(hello)
    const lookup: LookupFunction = (_name, _options, found) =>
      found(null, [
        { address: '127.0.0.2', family: 4 },
        { address: '127.0.0.1', family: 4 },
      ])
    await using _ = await transportTo(`hub.localhost:${server.port}`, { lookup })
  })

  it('gives up a connection that does not come about', async () => {
    await using server = await silentServer()
    const transport = createTransport(`hub.example.com:${server.port}`, { timeouts: QUICK, lookup: toLoopback }) // speaks TLS
    await assert.rejects(transport.send(GET), {
      code: 'unavailable',
      message: /no connection came about within 0.3 s/,
      sent: false,
    })
    transport.close()
  })
})

describe('a transport with a limited rate', () => {
  const RATE = 2_000_000

  it('keeps it in both directions together, whatever the number of connections', async () => {
    const large = answering(206, 'x'.repeat(300_000), { 'content-range': 'bytes 0-299999/300000' })
    await using server = await scriptedServer(hello, large)
    await using to = await transportTo(server.host, { rate: createRateLimit(RATE) })
    const begun = performance.now()
    const read = () => to.ask({ bulk: true, range: createGatheredRange({ offset: 0, length: 300_000 }) })
    const write = () => to.ask({ bulk: true, method: 'PUT', body: Buffer.alloc(300_000) })
    await Promise.all([1, 2, 3].flatMap(() => [read(), write()]))
    const rate = (9 * 300_000) / ((performance.now() - begun) / 1000)
    assert.ok(rate > 0.8 * RATE && rate < 1.1 * RATE, `${rate} bytes a second`) // a busy machine is slow in everything
  })

  it('slows the other side down, and is not taken for silence', async () => {
    let written = 0
    const endless: RequestListener = (_, response) => {
      response.writeHead(200)
      const more = () => {
        response.write(Buffer.alloc(64 * 1024), (error) => {
          written += 64 * 1024
          if (!error) more()
        })
      }
      more()
    }
    await using server = await scriptedServer(hello, endless)
    const timeouts = { connect: 300, silence: 100 }
    await using to = await transportTo(server.host, { rate: createRateLimit(200_000), timeouts, retryFor: 0 })
    const stop = new AbortController()
    const asking = to.ask({ signal: stop.signal })
    await delay(700) // of which each piece of 64 KiB takes 330
    stop.abort()
    await assert.rejects(asking, { code: 'cancelled' })
    assert.ok(written < 16 * 1024 * 1024, `${written} bytes left the server`)
  })
})

const toLoopback: LookupFunction = (_name, _options, found) => found(null, [{ address: '127.0.0.1', family: 4 }])

/** Takes connections and says nothing. */
async function silentServer(): Promise<{ port: number } & AsyncDisposable> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => void sockets.add(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
  return { port: (server.address() as AddressInfo).port, [Symbol.asyncDispose]: close }
}
