// Both HTTP versions on one port, and clients that are slow, silent, half closed or wrong.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { get } from 'node:http'
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:net'
import { describe, it } from 'node:test'
import { DEFAULT_LIMITS } from './limits.ts'
import { openRaw, startServer, until } from './server.fixture.ts'

const REQUEST = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n'
const POST = (length: number) =>
  `POST /api/v2/datasets/cities/tags/latest:rollback HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`

async function getHttp2(session: ClientHttp2Session, path: string): Promise<{ status: number; body: string }> {
  const stream = session.request({ ':path': path })
  const [headers] = await once(stream, 'response')
  let body = ''
  for await (const part of stream.setEncoding('utf8')) body += part
  return { status: headers[':status'], body }
}

describe('one port', async () => {
  const { port, url } = await startServer()

  it('answers HTTP/1.1', async () => {
    const response = await fetch(`${url}/healthz`)
    assert.equal(response.status, 200)
    assert.equal(await response.text(), 'alive\n')
  })

  it('answers HTTP/2 without TLS, several requests on one connection', async () => {
    const session = connectHttp2(url)
    const answers = await Promise.all([1, 2, 3].map(() => getHttp2(session, '/healthz')))
    assert.deepEqual(answers, Array(3).fill({ status: 200, body: 'alive\n' }))
    session.close()
  })

  it('keeps a connection for the next request', async () => {
    const raw = await openRaw(port)
    raw.socket.write(REQUEST)
    await until(() => raw.text().endsWith('alive\n'))
    raw.socket.write(REQUEST)
    await until(() => raw.text().split('alive\n').length === 3)
    assert.doesNotMatch(raw.text(), /connection: close/i)
    raw.socket.destroy()
  })

  it('takes a request that comes byte by byte', async () => {
    const raw = await openRaw(port)
    raw.socket.setNoDelay(true)
    for (const char of REQUEST.replace('GET', 'PUT')) await new Promise((done) => raw.socket.write(char, done))
    await until(() => raw.text().includes('405 Method Not Allowed'))
    raw.socket.destroy()
  })

  it('answers pipelined requests in order', async () => {
    const raw = await openRaw(port)
    raw.socket.write(`${REQUEST}${POST(2)}{}${REQUEST.replace('/healthz', '/nothing')}`)
    await until(() => raw.text().includes('There is nothing'))
    assert.match(raw.text(), /alive[\s\S]*previousDigest[\s\S]*There is nothing/)
    raw.socket.destroy()
  })

  it('answers a client that has closed its side', async () => {
    const raw = await openRaw(port, { allowHalfOpen: true })
    raw.socket.end(REQUEST)
    await raw.closed
    assert.match(raw.text(), /200 OK[\s\S]*alive/)
    raw.socket.destroy()
  })

  it('takes the absolute form of the target', async () => {
    const raw = await openRaw(port)
    raw.socket.write(REQUEST.replace('/healthz', 'http://localhost/healthz'))
    await until(() => raw.text().includes('alive'))
    raw.socket.destroy()
  })

  it('lets go of an HTTP/2 connection when the client ends it', async () => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    const session = connectHttp2(url, { createConnection: () => socket })
    await getHttp2(session, '/healthz')
    socket.end()
    await once(socket, 'end')
  })

  it('explains what is no HTTP', async () => {
    const raw = await openRaw(port)
    raw.socket.write('hello\r\n\r\n')
    await raw.closed
    assert.match(raw.text(), /^HTTP\/1.1 400 Bad Request\r\nx-request-id: [\s\S]*"code":"invalid"[\s\S]*"requestId":/)
  })

  it('refuses headers that are too long', async () => {
    const raw = await openRaw(port)
    raw.socket.write(`GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: ${'x'.repeat(DEFAULT_LIMITS.headerBytes)}\r\n\r\n`)
    await raw.closed
    assert.match(raw.text(), /^HTTP\/1.1 431 /)
  })

  it('does not write an error into the midst of an answer', async () => {
    const raw = await openRaw(port)
    raw.socket.write(`${POST(100)}{`)
    raw.socket.write(`${' '.repeat(99)}garbage that is no request\r\n\r\n`)
    await raw.closed
    assert.equal(raw.text().split('HTTP/1.1 ').length <= 2, true)
  })
})

describe('time-outs of one port', async () => {
  const limits = { prefaceTimeout: 80, headersTimeout: 150, idleTimeout: 200, bodyIdleTimeout: 150, lingerTimeout: 50 }
  const { port, url, log } = await startServer({ limits })

  it('closes a silent connection', async () => {
    const raw = await openRaw(port)
    await raw.closed
    assert.equal(raw.text(), '')
  })

  it('closes a connection that sends only a part of the HTTP/2 preface', async () => {
    const raw = await openRaw(port)
    raw.socket.write('PRI * HTTP/2.0\r\n')
    await raw.closed
    assert.equal(raw.text(), '')
  })

  it('answers 408 to headers that never end', async () => {
    const raw = await openRaw(port)
    raw.socket.write('GET / HTTP/1.1\r\nHost:')
    await raw.closed
    assert.match(raw.text(), /^HTTP\/1.1 408 /)
  })

  it('answers 408 to a body that stops coming', async () => {
    const raw = await openRaw(port)
    raw.socket.write(`${POST(100)}{`)
    await raw.closed
    assert.match(raw.text(), /^HTTP\/1.1 408 [\s\S]*connection: close[\s\S]*No byte of the request came/)
    assert.ok(log.some((line) => line.status === 408))
  })

  it('has no bound for a body that keeps coming', async () => {
    const raw = await openRaw(port)
    raw.socket.write(POST(42))
    for (let i = 0; i < 20; i++) {
      raw.socket.write('  ')
      await new Promise((done) => setTimeout(done, 20))
    }
    raw.socket.write('{}')
    await until(() => raw.text().includes('200 OK'))
    raw.socket.destroy()
  })

  it('closes an idle HTTP/1.1 connection', async () => {
    const raw = await openRaw(port)
    raw.socket.write(REQUEST)
    await raw.closed
    assert.match(raw.text(), /200 OK/)
  })

  it('closes an idle HTTP/2 connection, with a goodbye', async () => {
    const session = connectHttp2(url)
    const goodbye = once(session, 'goaway')
    await getHttp2(session, '/healthz')
    const [code] = await goodbye
    assert.equal(code, 0)
    await once(session, 'close')
  })

  it('does not take a long answer for an idle connection', async () => {
    const slow = await startServer({
      limits: { ...limits, stallTimeout: 50 },
      authenticate: async () => {
        await new Promise((done) => setTimeout(done, 400))
        return { subject: 'slow' }
      },
    })
    const [response] = await once(get(`${slow.url}/api/v2/datasets`), 'response')
    assert.equal(response.statusCode, 200)
    response.resume()
    const session = connectHttp2(slow.url)
    assert.equal((await getHttp2(session, '/api/v2/datasets')).status, 200)
    session.close()
  })
})

describe('bounds of one port', () => {
  it('takes only so many connections', async () => {
    const { port } = await startServer({ limits: { connections: 1 } })
    const first = await openRaw(port)
    const second = await openRaw(port)
    await second.closed
    first.socket.write(REQUEST)
    await until(() => first.text().includes('alive'))
    first.socket.destroy()
  })
})
