// How a server ends: what is under way is finished, for as long as there is time.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent, get, type IncomingMessage } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:net'
import { describe, it } from 'node:test'
import { fakeHub, TAG } from './hub.fixture.ts'
import { openRaw, startServer, until } from './server.fixture.ts'

const PATH = '/api/v2/datasets/cities/tags/latest'

/** A server whose hub answers only when it is let. */
async function startSlowServer() {
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  const hub = fakeHub({
    async getTag() {
      await released
      return TAG
    },
  })
  const waiting = () => hub.seen.filter((call) => call.name === 'getTag').length
  return { ...(await startServer({ hub })), release, waiting }
}

describe('drain', () => {
  it('finishes requests of both HTTP versions and takes no new connections', async () => {
    const { server, url, port, release, waiting } = await startSlowServer()
    const agent = new Agent({ keepAlive: true })
    const first = once(get(url + PATH, { agent }), 'response')
    const session = connectHttp2(url)
    const goodbye = once(session, 'goaway')
    const stream = session.request({ ':path': PATH })
    const second = once(stream, 'response')
    await until(() => waiting() === 2, 'both requests')

    const drained = server.drain(60_000)
    const [error] = await once(connect(port, '127.0.0.1'), 'error')
    assert.equal(error.code, 'ECONNREFUSED')
    await goodbye
    release()

    const [response] = (await first) as [IncomingMessage]
    assert.equal(response.statusCode, 200)
    assert.equal(response.headers.connection, 'close')
    response.resume()
    const [headers] = await second
    assert.equal(headers[':status'], 200)
    stream.resume()
    await drained
    agent.destroy()
  })

  it('closes idle and silent connections at once', async () => {
    const { server, url, port } = await startSlowServer()
    const silent = await openRaw(port)
    const idle = await openRaw(port)
    idle.socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await until(() => idle.text().includes('alive'))
    const session = connectHttp2(url)
    await once(session, 'remoteSettings')
    await server.drain(60_000)
    await Promise.all([silent.closed, idle.closed])
  })

  it('ends what is left at the deadline', async () => {
    const { server, url, waiting } = await startSlowServer()
    const failed = once(get(url + PATH), 'error')
    const session = connectHttp2(url)
    session.on('error', () => {})
    const stream = session.request({ ':path': PATH })
    stream.on('error', () => {})
    await until(() => waiting() === 2, 'both requests')
    await server.drain(20)
    await failed
    await until(() => stream.destroyed)
  })

  it('may be asked for twice', async () => {
    const { server } = await startSlowServer()
    await Promise.all([server.drain(10), server.drain(10)])
  })
})
