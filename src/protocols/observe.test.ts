// Request ids, the access log, metrics and the pages for operators.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AetherError } from '../core/errors.ts'
import { fakeHub } from './hub.fixture.ts'
import { requestIdOf } from './request-id.ts'
import { openRaw, startServer, until } from './server.fixture.ts'

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/

describe('requestIdOf', () => {
  it('keeps an id that is harmless', () => {
    for (const id of ['a', 'trace_1.2-3', 'x'.repeat(64)]) assert.equal(requestIdOf(id), id)
  })

  it('makes one in place of any other', () => {
    for (const id of [undefined, '', 'x'.repeat(65), 'a b', 'a"b', 'a\nb', 'ä', ['a']])
      assert.match(requestIdOf(id), UUID)
  })
})

describe('request ids', async () => {
  const { url, log } = await startServer()

  it('stand in the answer, in the error and in the log', async () => {
    const response = await fetch(`${url}/api/v2/datasets/nope/tags`, { headers: { 'x-request-id': 'mine-1' } })
    assert.equal(response.headers.get('x-request-id'), 'mine-1')
    assert.equal(((await response.json()) as { requestId: string }).requestId, 'mine-1')
    await until(() => log.some((line) => line.requestId === 'mine-1'))
    assert.match((await fetch(`${url}/`)).headers.get('x-request-id')!, UUID)
  })
})

describe('the access log', async () => {
  const { url, log } = await startServer({ authenticate: () => ({ subject: 'ann' }) })

  it('has one line for each request, without its query', async () => {
    await (await fetch(`${url}/api/v2/datasets?pageToken=secret`, { headers: { 'x-request-id': 'one' } })).text()
    await until(() => log.some((line) => line.requestId === 'one'))
    const lines = log.filter((line) => line.requestId === 'one')
    assert.equal(lines.length, 1)
    const { method, path, route, status, subject, ms, bytes } = lines[0]!
    assert.deepEqual(
      { method, path, route, status, subject },
      { method: 'GET', path: '/api/v2/datasets', route: '/api/v2/datasets', status: 200, subject: 'ann' },
    )
    assert.ok(typeof ms === 'number' && typeof bytes === 'number' && bytes > 0)
    assert.doesNotMatch(JSON.stringify(log), /secret/)
  })
})

describe('an internal error', async () => {
  const hub = fakeHub({
    async listDatasets() {
      throw new TypeError('secret: cannot read properties of undefined')
    },
  })
  const { url, log } = await startServer({ hub })

  it('is told to the log and not to the client', async () => {
    const response = await fetch(`${url}/api/v2/datasets`, { headers: { 'x-request-id': 'oops' } })
    const text = await response.text()
    assert.equal(response.status, 500)
    assert.doesNotMatch(text, /secret|\.ts|at /)
    assert.match(text, /request id oops/)
    assert.match(JSON.stringify(log.find((line) => line.requestId === 'oops' && line.err)), /secret.*hub\.fixture/)
  })
})

describe('metrics', async () => {
  const { url, port } = await startServer()

  it('count requests by template', async () => {
    await (await fetch(`${url}/api/v2/datasets/cities/tags`)).text()
    await (await fetch(`${url}/api/v2/datasets/nope/tags`)).text()
    await (await fetch(`${url}/no/such/place`)).text()
    const odd = await openRaw(port)
    odd.socket.end('MKCALENDAR / HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await odd.closed
    const response = await fetch(`${url}/metrics`)
    assert.match(response.headers.get('content-type')!, /^text\/plain; version=/)
    const text = await response.text()
    assert.match(
      text,
      /aetherfs_http_requests_total\{route="\/api\/v2\/datasets\/\{dataset\}\/tags",method="GET",status="200"\} 1/,
    )
    assert.match(
      text,
      /aetherfs_http_requests_total\{route="\/api\/v2\/datasets\/\{dataset\}\/tags",method="GET",status="404"\} 1/,
    )
    assert.match(text, /route="unmatched",method="GET",status="404"\} 1/)
    assert.match(text, /method="other",status="405"\} 1/)
    assert.match(text, /aetherfs_http_request_duration_seconds_bucket/)
    assert.match(text, /aetherfs_http_body_bytes_total\{direction="out"\} [1-9]/)
    assert.match(text, /aetherfs_http_requests_in_flight 1/)
    assert.match(text, /process_cpu_seconds_total/)
  })
})

describe('the pages for operators', async () => {
  it('tell that the hub is alive though its store is away', async () => {
    const hub = fakeHub({ ready: () => Promise.reject(new AetherError('unavailable', 'no route to secret-store')) })
    const { url } = await startServer({ hub })
    assert.equal((await fetch(`${url}/healthz`)).status, 200)
    const response = await fetch(`${url}/readyz`)
    assert.equal(response.status, 503)
    assert.doesNotMatch(await response.text(), /secret/)
  })

  it('tell that the hub is not ready when its store does not answer', async () => {
    const hub = fakeHub({ ready: () => new Promise(() => {}) })
    const { url } = await startServer({ hub, limits: { readyTimeout: 20 } })
    assert.equal((await fetch(`${url}/readyz`)).status, 503)
  })

  it('ask the store once for many', async () => {
    const hub = fakeHub()
    const { url } = await startServer({ hub })
    const answers = await Promise.all(Array.from({ length: 10 }, () => fetch(`${url}/readyz`)))
    assert.ok(answers.every((response) => response.ok))
    assert.equal(hub.seen.filter((call) => call.name === 'ready').length, 1)
  })

  it('say what this is', async () => {
    const { url } = await startServer()
    assert.match(await (await fetch(`${url}/`)).text(), /AetherFS 0\.0\.0[\s\S]*\/api\/openapi\.json/)
  })
})

describe('authentication', async () => {
  const authenticate = () => {
    throw new AetherError('unauthenticated', 'This token is not known')
  }
  const { url, port } = await startServer({ authenticate })

  it('refuses before the body is read', async () => {
    const response = await fetch(`${url}/api/v2/datasets`)
    assert.equal(response.status, 401)
    assert.match(response.headers.get('www-authenticate')!, /Bearer/)
    const raw = await openRaw(port)
    raw.socket.write(
      'PUT /api/v2/datasets/cities/blocks/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\nExpect: 100-continue\r\n\r\n',
    )
    await raw.closed
    assert.match(raw.text(), /^HTTP\/1.1 401 /)
  })

  it('is not asked of probes and descriptions', async () => {
    for (const path of ['/', '/healthz', '/readyz', '/api/openapi.json'])
      assert.equal((await fetch(url + path)).status, 200, path)
    assert.equal((await fetch(`${url}/metrics`)).status, 401)
  })
})
