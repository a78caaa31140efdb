// Reading deltas over plain HTTP.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AetherError } from '../../core/errors.ts'
import { sha256Hex } from '../../core/id.ts'
import type { Hub } from '../../hub/hub.ts'
import { BLOCK, BLOCK_ID, DATASET, DELTA, DIGEST, fakeHub, OTHER_DIGEST } from '../hub.fixture.ts'
import { startServer } from '../server.fixture.ts'

const PATH = `/api/v2/datasets/${DATASET}/snapshots/sha256:${DIGEST}/deltas/sha256:${OTHER_DIGEST}`

/** A hub that makes its deltas when they are asked for. */
function making(pieces: () => AsyncGenerator<Uint8Array>): Hub {
  return fakeHub({ readDelta: async () => ({ stored: undefined, read: pieces }) })
}

describe('GET of a stored delta', async () => {
  const hub = fakeHub()
  const { url } = await startServer({ hub })
  const etag = `"${sha256Hex(DELTA)}"`

  it('sends all of it, or a range', async () => {
    const all = await fetch(url + PATH)
    assert.equal(all.status, 200)
    assert.equal(all.headers.get('content-length'), String(DELTA.length))
    assert.equal(all.headers.get('etag'), etag)
    assert.deepEqual(Buffer.from(await all.arrayBuffer()), DELTA)
    const part = await fetch(url + PATH, { headers: { range: 'bytes=100-', 'if-range': etag } })
    assert.equal(part.status, 206)
    assert.deepEqual(Buffer.from(await part.arrayBuffer()), DELTA.subarray(100))
    const other = await fetch(url + PATH, { headers: { range: 'bytes=100-', 'if-range': '"another"' } })
    assert.equal(other.status, 200)
    await other.arrayBuffer()
  })

  it('answers HEAD, and If-None-Match', async () => {
    hub.seen.length = 0
    const head = await fetch(url + PATH, { method: 'HEAD' })
    assert.equal(head.headers.get('content-length'), String(DELTA.length))
    const [, , , , options] = hub.seen[0]!.args
    assert.equal((options as { make: boolean }).make, false)
    assert.equal((await fetch(url + PATH, { headers: { 'if-none-match': etag } })).status, 304)
  })

  it('lets the hub look at it when the client asks past caches', async () => {
    hub.seen.length = 0
    await (await fetch(url + PATH, { headers: { 'cache-control': 'no-cache' } })).arrayBuffer()
    const [, , , , options] = hub.seen[0]!.args
    assert.equal((options as { suspect: boolean }).suspect, true)
  })

  it('tells of one that is not there, and of names that are none', async () => {
    assert.equal((await fetch(url + PATH.replace(OTHER_DIGEST, DIGEST))).status, 404)
    assert.equal((await fetch(`${url}${PATH}0`)).status, 400)
  })
})

describe('GET of a delta that is being made', () => {
  it('sends it as it comes, without a length', async () => {
    const { url } = await startServer({
      hub: making(async function* () {
        yield DELTA.subarray(0, 1000)
        yield DELTA.subarray(1000)
      }),
    })
    const answer = await fetch(url + PATH)
    assert.equal(answer.status, 200)
    assert.equal(answer.headers.get('content-length'), null)
    assert.deepEqual(Buffer.from(await answer.arrayBuffer()), DELTA)
  })

  it('breaks off when it fails on the way', async () => {
    const { url } = await startServer({
      hub: making(async function* () {
        yield DELTA
        throw new AetherError('unavailable', 'The store is away')
      }),
    })
    await assert.rejects(async () => (await fetch(url + PATH)).arrayBuffer())
  })

  it('answers with an error when nothing came before it', async () => {
    const { url } = await startServer({
      // biome-ignore lint/correctness/useYield: it fails before
      hub: making(async function* () {
        throw new AetherError('unavailable', 'Too many deltas are being made')
      }),
    })
    const answer = await fetch(url + PATH)
    assert.equal(answer.status, 503)
    assert.ok(answer.headers.get('retry-after'))
  })
})

describe('PUT of a delta', async () => {
  const { url } = await startServer()
  const put = (init: RequestInit) => fetch(url + PATH, { method: 'PUT', ...init })

  it('answers with the blocks, their tails and receipts', async () => {
    const answer = await put({ body: new Uint8Array(DELTA) })
    assert.equal(answer.status, 201)
    const block = { id: BLOCK_ID, size: BLOCK.length, tailSize: 20, tailSha256: sha256Hex('tail'), receipt: 'receipt' }
    assert.deepEqual(await answer.json(), { blocks: [{ ...block, tail: BLOCK.subarray(-20).toString('base64') }] })
  })

  it('says 422 when the delta is not what it should be', async () => {
    const { url } = await startServer({
      hub: fakeHub({
        takeDelta: async () => {
          throw new AetherError('integrity', 'The delta is malformed: it is cut short')
        },
      }),
    })
    const answer = await fetch(url + PATH, { method: 'PUT', body: new Uint8Array(DELTA) })
    assert.equal(answer.status, 422)
    assert.match(await answer.text(), /cut short/)
  })

  it('refuses a body without a length, and one that is encoded', async () => {
    const stream = ReadableStream.from([DELTA])
    assert.equal((await put({ body: stream, duplex: 'half' } as RequestInit)).status, 411)
    const zipped = await put({ body: new Uint8Array(DELTA), headers: { 'content-encoding': 'gzip' } })
    assert.equal(zipped.status, 415)
  })
})
