// The same calls over gRPC, gRPC-web and Connect, in both HTTP versions, and what is none of these.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { createClient, type Transport } from '@connectrpc/connect'
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from '@connectrpc/connect-node'
import { DatasetService } from '../../gen/aetherfs/v2/dataset_service_pb.ts'
import { fromConnectError } from '../connect-error.ts'
import { DIGEST, fakeHub } from '../hub.fixture.ts'
import { openRaw, startServer, until } from '../server.fixture.ts'
import { TEST_ONLY_TLS } from '../test-only-tls.fixture.ts'

const CALL = '/aetherfs.v2.DatasetService/ListDatasets'

function transports(baseUrl: string, nodeOptions?: { ca: string | Buffer }): Record<string, Transport> {
  return {
    'Connect over HTTP/1.1': createConnectTransport({ baseUrl, httpVersion: '1.1', nodeOptions }),
    'Connect over HTTP/2': createConnectTransport({ baseUrl, httpVersion: '2', nodeOptions }),
    'Connect with JSON': createConnectTransport({ baseUrl, httpVersion: '1.1', useBinaryFormat: false, nodeOptions }),
    'gRPC-web over HTTP/1.1': createGrpcWebTransport({ baseUrl, httpVersion: '1.1', nodeOptions }),
    'gRPC-web over HTTP/2': createGrpcWebTransport({ baseUrl, httpVersion: '2', nodeOptions }),
    gRPC: createGrpcTransport({ baseUrl, nodeOptions }),
  }
}

async function checkCalls(transport: Transport): Promise<void> {
  const client = createClient(DatasetService, transport)
  assert.deepEqual((await client.listDatasets({})).datasets, ['@geo/cities', 'cities'])
  const { snapshot } = await client.getSnapshot({ dataset: '@geo/cities', digest: `sha256:${DIGEST}` })
  assert.equal(snapshot?.size, 2n ** 40n)
  const error = await client.getTag({ dataset: 'cities', tag: 'nope' }).then(() => undefined, fromConnectError)
  assert.deepEqual(
    [error?.code, error?.message, error?.hint, error?.detail],
    ['not-found', 'There is no tag "nope"', 'aetherfs ls cities', { tag: 'nope' }],
  )
}

describe('RPC', async () => {
  const hub = fakeHub()
  const { url, port, log } = await startServer({ hub })
  const secure = await startServer({ tls: TEST_ONLY_TLS })

  for (const [name, transport] of Object.entries(transports(url))) it(`answers ${name}`, () => checkCalls(transport))
  for (const [name, transport] of Object.entries(transports(secure.url, { ca: TEST_ONLY_TLS.cert }))) {
    it(`answers ${name} over TLS`, () => checkCalls(transport))
  }

  it('answers curl, which knows only JSON', async () => {
    const { stdout } = await promisify(execFile)('curl', ['-s', '--json', '{"pageSize":1}', url + CALL])
    assert.deepEqual(JSON.parse(stdout), { datasets: ['@geo/cities'], nextPageToken: '@geo/cities' })
  })

  it('names the call and its error in the log', async () => {
    await until(() => log.some((line) => line.route === CALL && line.status === 200))
    await until(() =>
      log.some((line) => line.route === '/aetherfs.v2.DatasetService/GetTag' && line.error === 'not-found'),
    )
  })

  it('gives the error of the hub as JSON with its detail', async () => {
    const response = await fetch(`${url}/aetherfs.v2.DatasetService/GetTag`, {
      method: 'POST',
      body: '{"dataset":"cities","tag":"nope"}',
      headers: { 'content-type': 'application/json' },
    })
    const body = (await response.json()) as { code: string; details: { type: string }[] }
    assert.equal(response.status, 404)
    assert.deepEqual([body.code, body.details[0]?.type], ['not_found', 'aetherfs.v2.ErrorDetail'])
    assert.ok(response.headers.get('x-request-id'))
  })

  it('refuses what is no call', async () => {
    const post = (path: string, type: string, body = '{}') =>
      fetch(url + path, { method: 'POST', body, headers: { 'content-type': type } })
    assert.equal((await fetch(url + CALL)).status, 405)
    assert.equal((await post(CALL, 'text/plain')).status, 415)
    assert.equal((await post(CALL, 'application/json', '{')).status, 400)
    assert.equal((await post('/aetherfs.v2.DatasetService/Nope', 'application/json')).status, 404)
    assert.equal((await post('/no.such.Service/Call', 'application/json')).status, 404)
    const raw = await openRaw(port)
    raw.socket.end(`POST ${CALL} HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`)
    await raw.closed
    assert.match(raw.text(), /^HTTP\/1.1 400 [\s\S]*names no host/)
  })

  it('refuses a body that is too large before it is read', async () => {
    const raw = await openRaw(port)
    raw.socket.write(
      `POST ${CALL} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/proto\r\nContent-Length: 100000000\r\n\r\n`,
    )
    await until(() => /too-large|resource_exhausted/.test(raw.text()))
    assert.match(raw.text(), /^HTTP\/1.1 429 /)
    raw.socket.destroy()
  })

  it('does not listen for ever to a body that it has refused', async () => {
    const small = await startServer({ limits: { lingerTimeout: 50 } })
    const raw = await openRaw(small.port)
    raw.socket.write(
      `POST ${CALL} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/proto\r\nContent-Length: 100000000\r\n\r\n`,
    )
    await raw.closed
    assert.match(raw.text(), /resource_exhausted/)
  })

  it('gives up a body that stops coming', async () => {
    const impatient = await startServer({ limits: { bodyIdleTimeout: 50, lingerTimeout: 20 } })
    const raw = await openRaw(impatient.port)
    raw.socket.write(
      `POST ${CALL} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`,
    )
    await raw.closed
    assert.match(raw.text(), /"code":"unavailable"/)
  })

  it('hears when a client goes away', async () => {
    const { promise: aborted, resolve } = Promise.withResolvers<void>()
    const waiting = fakeHub({
      listDatasets: (_caller, { signal }) => {
        signal?.addEventListener('abort', () => resolve())
        return new Promise(() => {})
      },
    })
    const slow = await startServer({ hub: waiting })
    const controller = new AbortController()
    const client = createClient(DatasetService, createGrpcTransport({ baseUrl: slow.url }))
    const call = client.listDatasets({}, { signal: controller.signal })
    call.catch(() => {})
    await until(() => waiting.seen.length > 0)
    controller.abort()
    await aborted
    await assert.rejects(call)
  })
})
