// The service as REST.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { ANONYMOUS } from '../../hub/hub.ts'
import { BLOCK_ID, DIGEST, fakeHub, OTHER_DIGEST } from '../hub.fixture.ts'
import { openRaw, startServer, until } from '../server.fixture.ts'

const run = promisify(execFile)
const JSON_TYPE = { 'content-type': 'application/json' }

interface ErrorBody {
  errors: { code: string; message: string; detail: Record<string, string> }[]
  requestId: string
}

describe('REST', async () => {
  const hub = fakeHub()
  const { url, port } = await startServer({ hub })
  const api = `${url}/api/v2/datasets`

  /** What the hub was asked, without the caller and the signal. */
  function lastCall() {
    const { name, args } = hub.seen.at(-1)!
    const [caller, ...rest] = args.map((arg) => (isOptions(arg) ? { ...arg, signal: undefined } : arg))
    assert.deepEqual(caller, ANONYMOUS)
    return [name, ...rest]
  }

  async function refusal(path: string, init?: RequestInit): Promise<[number, string]> {
    const response = await fetch(api + path, init)
    const { errors, requestId } = (await response.json()) as ErrorBody
    assert.equal(requestId, response.headers.get('x-request-id'))
    assert.equal(response.headers.get('content-type'), 'application/json')
    return [response.status, errors[0]!.code]
  }

  it('lists datasets, page by page', async () => {
    const first = await (await fetch(`${api}?pageSize=1`)).json()
    assert.deepEqual(first, { datasets: ['@geo/cities'], nextPageToken: '@geo/cities' })
    const second = await (await fetch(`${api}?page_size=1&pageToken=%40geo%2Fcities`)).json()
    assert.deepEqual(second, { datasets: ['cities'], nextPageToken: '' })
  })

  it('fills in the size of a page and passes the query on', async () => {
    await (await fetch(`${api}?prefix=a+b%2Bc`)).text()
    assert.deepEqual(lastCall(), ['listDatasets', { limit: 100, after: undefined, prefix: 'a b+c', signal: undefined }])
    await (await fetch(`${api}/cities/snapshots/sha256:${DIGEST}/entries?pageSize=10000&prefix=a`)).text()
    assert.deepEqual(lastCall(), [
      'listEntries',
      'cities',
      DIGEST,
      { limit: 10_000, after: undefined, prefix: 'a', signal: undefined },
    ])
  })

  it('answers in proto3 JSON', async () => {
    const snapshot = await (await fetch(`${api}/cities/snapshots/sha256%3A${DIGEST}`)).json()
    assert.deepEqual(snapshot, {
      snapshot: {
        digest: `sha256:${DIGEST}`,
        size: String(2 ** 40),
        files: '2',
        entries: '3',
        blocks: '1',
        storedSize: '1000000',
        creator: 'ann',
        createdMicros: '1700000000000000',
        message: 'first',
        labels: { source: 'test' },
        deltas: [{ fromDigest: `sha256:${OTHER_DIGEST}`, toDigest: `sha256:${DIGEST}`, size: '5000' }],
      },
    })
    const { entries } = (await (await fetch(`${api}/cities/snapshots/sha256:${DIGEST}/entries`)).json()) as {
      entries: object[]
    }
    assert.deepEqual(entries[2], {
      path: 'link',
      kind: 'link',
      executable: false,
      size: '0',
      sha256: '',
      target: 'a.csv',
      modifiedMicros: '3',
    })
    const log = (await (await fetch(`${api}/cities/log?tag=latest`)).json()) as { entries: object[] }
    assert.deepEqual(log.entries, [
      {
        tag: 'latest',
        fromDigest: '',
        toDigest: `sha256:${DIGEST}`,
        who: 'ann',
        whenMicros: '7',
        reason: 'why not',
        action: 'push',
      },
    ])
  })

  it('takes every spelling of a scoped name', async () => {
    for (const name of ['@geo/cities', '%40geo/cities', '@geo%2Fcities', '%40geo%2Fcities']) {
      assert.equal((await fetch(`${api}/${name}/tags/latest`)).status, 200, name)
      assert.deepEqual(lastCall().slice(0, 3), ['getTag', '@geo/cities', 'latest'])
    }
  })

  it('moves, rolls back and removes tags', async () => {
    const body = JSON.stringify({ digest: `sha256:${OTHER_DIGEST}`, expectedDigest: `sha256:${DIGEST}`, reason: 'new' })
    const moved = (await (
      await fetch(`${api}/cities/tags/latest`, { method: 'PUT', body, headers: JSON_TYPE })
    ).json()) as object
    assert.deepEqual(Object.keys(moved), ['tag', 'previousDigest'])
    assert.deepEqual(lastCall(), [
      'moveTag',
      'cities',
      'latest',
      OTHER_DIGEST,
      { expected: DIGEST, reason: 'new', signal: undefined },
    ])
    await (
      await fetch(`${api}/@geo/cities/tags/latest:rollback`, {
        method: 'POST',
        body: '{"reason":"bad"}',
        headers: JSON_TYPE,
      })
    ).text()
    assert.deepEqual(lastCall(), ['rollBackTag', '@geo/cities', 'latest', { reason: 'bad', signal: undefined }])
    const removed = await fetch(`${api}/cities/tags/latest?expectedDigest=none&reason=old`, { method: 'DELETE' })
    assert.deepEqual(await removed.json(), {})
    assert.deepEqual(lastCall(), [
      'deleteTag',
      'cities',
      'latest',
      { expected: 'none', reason: 'old', signal: undefined },
    ])
  })

  it('publishes', async () => {
    const request = {
      record: Buffer.from('record').toString('base64'),
      receipts: ['r'],
      bases: [{ dataset: '@geo/x', digest: `sha256:${DIGEST}` }],
      tags: [{ tag: 'v1', expectedDigest: 'none' }],
    }
    const response = await fetch(`${api}/cities/snapshots`, {
      method: 'POST',
      body: JSON.stringify(request),
      headers: JSON_TYPE,
    })
    const { digest, existed, tags } = (await response.json()) as { digest: string; existed: boolean; tags: object[] }
    assert.deepEqual([digest, existed, tags.length], [`sha256:${DIGEST}`, false, 1])
    const [, published] = lastCall() as [string, { record: Uint8Array }]
    assert.deepEqual(
      { ...published, record: Buffer.from(published.record).toString() },
      {
        dataset: 'cities',
        record: 'record',
        receipts: ['r'],
        bases: [{ dataset: '@geo/x', digest: DIGEST }],
        tags: [{ tag: 'v1', expected: 'none' }],
        reason: '',
      },
    )
  })

  it('works with curl', async () => {
    const { stdout } = await run('curl', ['-s', '-X', 'POST', `${api}/cities/tags/latest:rollback`])
    assert.equal(JSON.parse(stdout).tag.name, 'latest')
    const two = await run('curl', [
      '-s',
      '--http2-prior-knowledge',
      '-X',
      'POST',
      '--json',
      '{"reason":"x"}',
      `${api}/cities/tags/latest:rollback`,
    ])
    assert.equal(JSON.parse(two.stdout).tag.name, 'latest')
  })

  it('answers HEAD like GET, without a body', async () => {
    const response = await fetch(api, { method: 'HEAD' })
    assert.equal(response.status, 200)
    assert.equal(response.headers.get('content-length'), String((await (await fetch(api)).text()).length))
    const { stdout } = await run('curl', ['-sI', '--http2-prior-knowledge', api])
    assert.match(stdout, /^HTTP\/2 200/)
  })

  it('explains errors with hint and facts', async () => {
    const response = await fetch(`${api}/cities/tags/nope`)
    const { errors } = (await response.json()) as ErrorBody
    assert.equal(response.status, 404)
    assert.deepEqual(errors, [
      { code: 'not-found', message: 'There is no tag "nope"', detail: { tag: 'nope', hint: 'aetherfs ls cities' } },
    ])
    const body = JSON.stringify({ digest: `sha256:${OTHER_DIGEST}`, expectedDigest: 'none' })
    const conflict = (await (
      await fetch(`${api}/cities/tags/latest`, { method: 'PUT', body, headers: JSON_TYPE })
    ).json()) as ErrorBody
    assert.deepEqual(conflict.errors[0]!.detail, { digest: DIGEST })
  })

  it('refuses what it cannot read', async () => {
    const bad = [400, 'invalid']
    assert.deepEqual(await refusal('?pageSize=x'), bad)
    assert.deepEqual(await refusal('?pageSize=1001'), bad)
    assert.deepEqual(await refusal('?pageSize=-1'), bad)
    assert.deepEqual(await refusal('?pageSize=1&page_size=2'), bad)
    assert.deepEqual(await refusal('?unknown=1'), bad)
    assert.deepEqual(await refusal('?prefix=%ff'), bad)
    assert.deepEqual(await refusal('/cities/tags?dataset=other'), bad)
    assert.deepEqual(await refusal('/Cities/tags'), bad)
    assert.deepEqual(await refusal('/cities/tags/-bad'), bad)
    assert.deepEqual(await refusal('/cities/tags/%ff'), bad)
    assert.deepEqual(await refusal('/cities/snapshots/abc'), bad)
    assert.deepEqual(await refusal('/a%2Fb/tags'), bad)
  })

  it('refuses bodies that it cannot read', async () => {
    const bad = [400, 'invalid']
    const put = (body: string | Buffer, headers: Record<string, string> = JSON_TYPE) =>
      refusal('/cities/tags/latest', { method: 'PUT', body, headers })
    for (const body of [
      '{',
      '[]',
      'null',
      '"x"',
      '{"digest":1}',
      '{"unknown":1}',
      '{"digest":"x"}',
      '{"tag":"other"}',
      '{"dataset":"other"}',
      '{"__proto__":{}}',
      `${'['.repeat(100_000)}`,
    ]) {
      assert.deepEqual(await put(body), bad, body.slice(0, 20))
    }
    assert.deepEqual(await put(Buffer.from([0x22, 0xff, 0x22])), bad)
    assert.deepEqual(await put('{}', { 'content-type': 'text/plain' }), [415, 'invalid'])
    assert.deepEqual(await put('{}', { 'content-type': 'application/json; charset=latin1' }), [415, 'invalid'])
    assert.deepEqual(await put('{}', { ...JSON_TYPE, 'content-encoding': 'gzip' }), [415, 'invalid'])
  })

  it('takes what stands in the path in the body too, if it is the same', async () => {
    const body = JSON.stringify({ dataset: 'cities', tag: 'latest', reason: 'x' })
    assert.equal(
      (
        await fetch(`${api}/cities/tags/latest:rollback`, {
          method: 'POST',
          body,
          headers: { 'content-type': 'Application/JSON; charset="UTF-8"' },
        })
      ).status,
      200,
    )
  })

  it('refuses bodies that are too large', async () => {
    const small = await startServer({ limits: { jsonBytes: 100 } })
    const path = '/api/v2/datasets/cities/tags/latest'
    const body = JSON.stringify({ reason: 'x'.repeat(200) })
    assert.equal((await fetch(small.url + path, { method: 'PUT', body, headers: JSON_TYPE })).status, 413)
    const raw = await openRaw(small.port)
    raw.socket.write(
      `PUT ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${'c8\r\n'}${' '.repeat(200)}\r\n`,
    )
    await until(() => raw.text().includes('HTTP/1.1 413'))
    raw.socket.destroy()
  })

  it('tells which methods an address has', async () => {
    const response = await fetch(`${api}/cities/tags/latest`, { method: 'POST' })
    assert.equal(response.status, 405)
    assert.equal(response.headers.get('allow'), 'GET, HEAD, PUT, DELETE, OPTIONS')
    const options = await fetch(`${api}/cities/tags/latest:rollback`, { method: 'OPTIONS' })
    assert.deepEqual([options.status, options.headers.get('allow')], [204, 'POST, OPTIONS'])
    assert.deepEqual(await refusal('/cities/nothing'), [404, 'not-found'])
    assert.equal((await fetch(`${url}/API/v2/datasets`)).status, 404)
  })

  it('compresses long answers for those who ask for it', async () => {
    const entries = Array.from({ length: 1000 }, (_, i) => ({
      kind: 'folder' as const,
      path: `folder-${i}`,
      modifiedMicros: 0,
    }))
    const long = await startServer({ hub: fakeHub({ listEntries: async () => ({ items: entries, next: undefined }) }) })
    const address = `${long.url}/api/v2/datasets/cities/snapshots/sha256:${DIGEST}/entries`
    const zipped = await fetch(address, { headers: { 'accept-encoding': 'br, gzip' } })
    assert.equal(zipped.headers.get('content-encoding'), 'gzip')
    assert.ok(Number(zipped.headers.get('content-length')) < 20_000)
    assert.equal(((await zipped.json()) as { entries: object[] }).entries.length, 1000)
    const plain = await fetch(address, { headers: { 'accept-encoding': 'identity' } })
    assert.equal(plain.headers.get('content-encoding'), null)
    await plain.text()
  })

  it('answers other requests of the connection after an error', async () => {
    const raw = await openRaw(port)
    raw.socket.write(
      `PUT /api/v2/datasets/cities/tags/latest HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1\r\n\r\n{`,
    )
    raw.socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await until(() => /400 Bad Request[\s\S]*alive/.test(raw.text()))
    raw.socket.destroy()
  })

  it('has a block id in no route of its own', async () => {
    assert.deepEqual(await refusal(`/cities/blocks/${BLOCK_ID}`), [405, 'invalid'])
  })
})

function isOptions(arg: unknown): arg is object {
  return typeof arg === 'object' && arg !== null && 'signal' in arg
}
