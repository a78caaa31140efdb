// TLS on the one port: the handshake chooses between HTTP/1.1 and HTTP/2.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { get } from 'node:https'
import { describe, it } from 'node:test'
import { connect as connectTls, type PeerCertificate } from 'node:tls'
import { promisify } from 'node:util'
import { openRaw, startServer, until } from './server.fixture.ts'
import { OTHER_TEST_ONLY_TLS, TEST_ONLY_TLS } from './test-only-tls.fixture.ts'

const run = promisify(execFile)

async function subjectOf(port: number, ca: string | Buffer): Promise<PeerCertificate['subject']['CN']> {
  const socket = connectTls({ port, host: '127.0.0.1', ca, servername: 'localhost' })
  await once(socket, 'secureConnect')
  const { CN } = socket.getPeerCertificate().subject
  socket.destroy()
  return CN
}

describe('TLS on one port', async () => {
  const { port, url, server } = await startServer({
    tls: TEST_ONLY_TLS,
    limits: { headersTimeout: 200, handshakeTimeout: 100, idleTimeout: 150 },
  })
  const ca = TEST_ONLY_TLS.cert

  it('answers HTTP/1.1', async () => {
    const [response] = await once(get(`${url}/healthz`, { ca }), 'response')
    assert.equal(response.statusCode, 200)
    assert.equal(response.headers['x-request-id'].length, 36)
    response.resume()
  })

  it('answers HTTP/2 and closes it when it is idle', async () => {
    const session = connectHttp2(url, { ca })
    const stream = session.request({ ':path': '/healthz' })
    const [headers] = await once(stream, 'response')
    assert.equal(headers[':status'], 200)
    stream.resume()
    await once(session, 'close')
  })

  it('lets curl choose', async () => {
    const curl = (...args: string[]) =>
      run('curl', ['-sk', '-o', '/dev/null', '-w', '%{http_version} %{http_code}', ...args, `${url}/healthz`])
    assert.equal((await curl()).stdout, '2 200')
    assert.equal((await curl('--http1.1')).stdout, '1.1 200')
    assert.equal((await curl('--no-alpn')).stdout, '1.1 200')
  })

  it('closes an idle HTTP/1.1 connection', async () => {
    const socket = connectTls({ port, host: '127.0.0.1', ca, servername: 'localhost', ALPNProtocols: ['http/1.1'] })
    await once(socket, 'secureConnect')
    let text = ''
    socket.on('data', (part) => {
      text += part
    })
    socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await once(socket, 'close')
    assert.match(text, /alive/)
  })

  it('answers 408 to headers that never end', async () => {
    const socket = connectTls({ port, host: '127.0.0.1', ca, servername: 'localhost' })
    await once(socket, 'secureConnect')
    socket.write('GET / HTTP/1.1\r\nHost:')
    const [part] = await once(socket, 'data')
    assert.match(String(part), /^HTTP\/1.1 408 /)
    socket.destroy()
  })

  it('closes a connection without a handshake', async () => {
    const raw = await openRaw(port)
    await raw.closed
  })

  it('hands out another certificate when it is told to', async () => {
    assert.equal(await subjectOf(port, ca), 'aetherfs test one')
    server.reloadTls(OTHER_TEST_ONLY_TLS)
    assert.equal(await subjectOf(port, OTHER_TEST_ONLY_TLS.cert), 'aetherfs test two')
  })

  it('ends with its connections', async () => {
    const other = await startServer({ tls: TEST_ONLY_TLS })
    const session = connectHttp2(other.url, { ca })
    await once(session, 'remoteSettings')
    const idle = connectTls({ port: other.port, host: '127.0.0.1', ca, servername: 'localhost' })
    idle.resume()
    await once(idle, 'secureConnect')
    idle.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await until(() => idle.bytesRead > 0)
    await other.server.drain(10_000)
    await until(() => session.destroyed && idle.destroyed)
  })
})

describe('a server without TLS', () => {
  it('has no certificate to reload', async () => {
    const { server } = await startServer()
    assert.throws(() => server.reloadTls(TEST_ONLY_TLS), TypeError)
  })
})
