import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { get, request } from 'node:http'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { isLoopback } from './host-check.ts'
import { openRaw, startServer } from './server.fixture.ts'

const run = promisify(execFile)

async function status(url: string, options: { host?: string; origin?: string; method?: string } = {}): Promise<number> {
  const headers = { ...(options.host && { host: options.host }), ...(options.origin && { origin: options.origin }) }
  const req = request(url, { headers, method: options.method })
  req.end()
  const [response] = await once(req, 'response')
  response.resume()
  return response.statusCode
}

describe('isLoopback', () => {
  it('knows the names and addresses of the machine itself', () => {
    for (const host of [
      'localhost',
      'LOCALHOST',
      'localhost.',
      'hub.localhost',
      '127.0.0.1',
      '127.9.8.7',
      '::1',
      '[::1]',
    ])
      assert.ok(isLoopback(host), host)
    for (const host of [
      'evil.example',
      'localhost.evil.example',
      '127.0.0.1.evil.example',
      '10.0.0.1',
      '0.0.0.0',
      '[::2]',
      '',
    ])
      assert.ok(!isLoopback(host), host)
  })
})

describe('the host check of a server on a loopback address', async () => {
  const { url, port } = await startServer({ allowedHosts: ['Hub.Test'] })

  it('answers under names of the machine and those that are allowed', async () => {
    for (const host of ['localhost', `127.0.0.1:${port}`, '[::1]:1', 'hub.test', 'HUB.test:99'])
      assert.equal(await status(`${url}/healthz`, { host }), 200, host)
  })

  it('refuses other names and explains why', async () => {
    for (const host of [
      'evil.example',
      'evil.example:80',
      'localhost.evil.example',
      'user@localhost',
      'localhost:80:80',
      '[::1',
    ]) {
      assert.equal(await status(`${url}/api/v2/datasets`, { host }), 421, host)
    }
    const [response] = await once(get(`${url}/healthz`, { headers: { host: 'evil.example' } }), 'response')
    const body = JSON.parse((await response.setEncoding('utf8').toArray()).join(''))
    assert.match(body.errors[0].detail.hint, /DNS rebinding/)
  })

  it('looks at the authority of HTTP/2 and of absolute targets', async () => {
    const curl = await run('curl', [
      '-s',
      '--http2-prior-knowledge',
      '-H',
      'Host: evil.example',
      '-w',
      '%{http_code}',
      '-o',
      '/dev/null',
      `${url}/healthz`,
    ])
    assert.equal(curl.stdout, '421')
    const raw = await openRaw(port)
    raw.socket.end('GET http://evil.example/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await raw.closed
    assert.match(raw.text(), /^HTTP\/1.1 421 /)
  })

  it('answers probes that name no host', async () => {
    const raw = await openRaw(port)
    raw.socket.end('GET /healthz HTTP/1.0\r\n\r\n')
    await raw.closed
    assert.match(raw.text(), /200 OK/)
  })
})

describe('the origin check', async () => {
  const { url, port } = await startServer()
  const rollback = `${url}/api/v2/datasets/cities/tags/latest:rollback`

  it('refuses what a page of another site wants to change', async () => {
    for (const origin of ['http://evil.example', 'null', `http://127.0.0.1:${port + 1}`, 'https://127.0.0.1']) {
      assert.equal(await status(rollback, { method: 'POST', origin }), 403, origin)
    }
  })

  it('takes what a page of the hub itself wants to change, also behind a proxy with TLS', async () => {
    assert.equal(await status(rollback, { method: 'POST', origin: `http://127.0.0.1:${port}` }), 200)
    assert.equal(await status(rollback, { method: 'POST', origin: 'https://localhost', host: 'localhost' }), 200)
  })

  it('lets everybody read', async () => {
    assert.equal(await status(`${url}/api/v2/datasets`, { origin: 'http://evil.example' }), 200)
  })

  it('holds for RPC as well', async () => {
    assert.equal(
      await status(`${url}/aetherfs.v2.DatasetService/ListDatasets`, { method: 'POST', origin: 'http://evil.example' }),
      403,
    )
  })
})
