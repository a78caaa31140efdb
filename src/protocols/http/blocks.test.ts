// Reading blocks and records over plain HTTP.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { get, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { AetherError } from '../../core/errors.ts'
import { sha256Hex } from '../../core/id.ts'
import { BLOCK, BLOCK_ID, DATASET, DIGEST, fakeHub, RECORD } from '../hub.fixture.ts'
import { startServer, until } from '../server.fixture.ts'

const run = promisify(execFile)
const BLOCK_PATH = `/api/v2/datasets/${DATASET}/snapshots/sha256:${DIGEST}/blocks/${BLOCK_ID}`
const RECORD_PATH = `/api/v2/datasets/${DATASET}/snapshots/sha256:${DIGEST}/record`

interface Answer {
  status: number
  headers: IncomingHttpHeaders
  body: Buffer
}

async function ask(url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  const [, origin, path] = /^(http:..[^/]*)(.*)$/.exec(url) ?? []
  const req = request(origin!, { path, headers, method }) // given apart, because URLs lose their dot segments
  req.end()
  const [response] = (await once(req, 'response')) as [IncomingMessage]
  return { status: response.statusCode!, headers: response.headers, body: Buffer.concat(await response.toArray()) }
}

describe('GET of a block', async () => {
  const hub = fakeHub()
  const { url, log } = await startServer({ hub })
  const etag = `"${BLOCK_ID}"`

  it('sends all of it, to be kept for ever', async () => {
    const { status, headers, body } = await ask(url + BLOCK_PATH)
    assert.equal(status, 200)
    assert.deepEqual(body, BLOCK)
    assert.equal(headers['content-length'], String(BLOCK.length))
    assert.equal(headers.etag, etag)
    assert.equal(headers['cache-control'], 'private, max-age=31536000, immutable')
    assert.equal(headers['accept-ranges'], 'bytes')
    assert.equal(headers['content-type'], 'application/octet-stream')
  })

  it('never compresses', async () => {
    const { headers } = await ask(url + BLOCK_PATH, { 'accept-encoding': 'gzip, br, zstd' })
    assert.equal(headers['content-encoding'], undefined)
  })

  it('answers HEAD without reading the block', async () => {
    hub.seen.length = 0
    const { status, headers, body } = await ask(url + BLOCK_PATH, { range: 'bytes=0-1' }, 'HEAD')
    assert.equal(status, 200)
    assert.equal(headers['content-length'], String(BLOCK.length))
    assert.equal(headers.etag, etag)
    assert.equal(body.length, 0)
    assert.deepEqual(
      hub.seen.map((call) => call.name),
      ['blockSize'],
    )
  })

  it('answers HEAD over HTTP/2', async () => {
    const { stdout } = await run('curl', ['-sI', '--http2-prior-knowledge', url + BLOCK_PATH])
    assert.match(stdout, /^HTTP\/2 200/)
    assert.ok(stdout.includes(`content-length: ${BLOCK.length}`))
  })

  for (const [range, offset, length] of [
    ['bytes=0-0', 0, 1],
    ['bytes=100-299', 100, 200],
    ['bytes=999990-', 999_990, 10],
    ['bytes=-5', 999_995, 5],
    ['bytes=999000-2000000', 999_000, 1000],
  ] as const) {
    it(`sends the range ${range}`, async () => {
      hub.seen.length = 0
      const { status, headers, body } = await ask(url + BLOCK_PATH, { range })
      assert.equal(status, 206)
      assert.equal(headers['content-range'], `bytes ${offset}-${offset + length - 1}/${BLOCK.length}`)
      assert.equal(headers['content-length'], String(length))
      assert.deepEqual(body, BLOCK.subarray(offset, offset + length))
      const options = hub.seen.at(-1)?.args.at(-1) as { range: object }
      assert.deepEqual(options.range, { offset, length })
    })
  }

  it('sends all of it when several ranges are asked for', async () => {
    const { status, body } = await ask(url + BLOCK_PATH, { range: 'bytes=0-1,5-6' })
    assert.equal(status, 200)
    assert.equal(body.length, BLOCK.length)
  })

  it('refuses a range behind the end', async () => {
    const { status, headers, body } = await ask(url + BLOCK_PATH, { range: 'bytes=1000000-' })
    assert.equal(status, 416)
    assert.equal(headers['content-range'], `bytes */${BLOCK.length}`)
    assert.equal(JSON.parse(body.toString()).errors[0].code, 'invalid')
  })

  it('sends a range only of the bytes that If-Range names', async () => {
    const range = 'bytes=0-9'
    assert.equal((await ask(url + BLOCK_PATH, { range, 'if-range': etag })).status, 206)
    assert.equal((await ask(url + BLOCK_PATH, { range, 'if-range': '"other"' })).status, 200)
    assert.equal((await ask(url + BLOCK_PATH, { range, 'if-range': new Date().toUTCString() })).status, 200)
  })

  it('does not send what the client has', async () => {
    hub.seen.length = 0
    const { status, headers, body } = await ask(url + BLOCK_PATH, {
      'if-none-match': `"x", W/${etag}`,
      range: 'bytes=0-1',
    })
    assert.equal(status, 304)
    assert.equal(headers.etag, etag)
    assert.equal(body.length, 0)
    assert.ok(hub.seen.every((call) => call.name === 'blockSize'))
    assert.equal((await ask(url + BLOCK_PATH, { 'if-match': '"x"' })).status, 412)
  })

  it('says which of its words it cannot read', async () => {
    for (const path of [
      BLOCK_PATH.replace(BLOCK_ID, 'abc'),
      BLOCK_PATH.replace('sha256:', ''),
      BLOCK_PATH.replace(DATASET, 'UPPER'),
      BLOCK_PATH.replace(DATASET, '%ff'),
      BLOCK_PATH.replace(DATASET, '%2e%2E'),
    ]) {
      const { status, body } = await ask(url + path)
      assert.equal(status, 400, path)
      assert.equal(JSON.parse(body.toString()).errors[0].code, 'invalid')
    }
  })

  it('tells nothing of blocks that the snapshot does not use', async () => {
    const { status, body } = await ask(url + BLOCK_PATH.replace(BLOCK_ID, sha256Hex('x')))
    assert.equal(status, 404)
    assert.equal(JSON.parse(body.toString()).errors[0].code, 'not-found')
  })

  it('counts the bytes for the log', async () => {
    await ask(url + BLOCK_PATH, { range: 'bytes=0-9', 'x-request-id': 'ten-bytes' })
    await until(() => log.some((line) => line.requestId === 'ten-bytes' && line.bytes === 10))
  })
})

describe('GET of a damaged block', async () => {
  const hub = fakeHub({
    readBlock: async (_caller, _dataset, _digest, _id, { range } = {}) => {
      if (range) return { size: BLOCK.length, bytes: BLOCK.subarray(0, range.length - 1) }
      throw new AetherError('integrity', 'Block is damaged')
    },
  })
  const { url } = await startServer({ hub })

  it('answers 502', async () => {
    const { status, body, headers } = await ask(url + BLOCK_PATH)
    assert.equal(status, 502)
    assert.equal(JSON.parse(body.toString()).errors[0].code, 'integrity')
    assert.equal(headers['cache-control'], 'no-store')
    assert.equal(headers.etag, undefined)
  })

  it('answers 502 when bytes are missing', async () => {
    assert.equal((await ask(url + BLOCK_PATH, { range: 'bytes=0-99' })).status, 502)
  })
})

describe('GET of a record', async () => {
  const { url } = await startServer()

  it('sends it under the hash of its bytes, to be asked for anew', async () => {
    const { status, headers, body } = await ask(url + RECORD_PATH)
    assert.equal(status, 200)
    assert.deepEqual(body, RECORD)
    assert.equal(headers.etag, `"${sha256Hex(RECORD)}"`)
    assert.equal(headers['cache-control'], 'private, no-cache')
    assert.equal((await ask(url + RECORD_PATH, { 'if-none-match': headers.etag! })).status, 304)
    assert.equal((await ask(url + RECORD_PATH, { range: 'bytes=2-7' })).body.toString(), 'record')
    assert.equal((await ask(url + RECORD_PATH, {}, 'HEAD')).headers['content-length'], String(RECORD.length))
  })

  it('takes every spelling of a scoped name', async () => {
    for (const name of ['@geo/cities', '%40geo/cities', '@geo%2Fcities', '%40geo%2Fcities', '%40geo%2fcities']) {
      assert.equal((await ask(url + RECORD_PATH.replace(DATASET, name))).status, 200, name)
    }
    for (const name of ['@geo', '@geo%2F', 'geo%2Fcities', '@geo/x%2Fy']) {
      assert.ok([400, 404].includes((await ask(url + RECORD_PATH.replace(DATASET, name))).status), name)
    }
  })
})

describe('a download', () => {
  it('tells the hub when the client goes away', async () => {
    const { promise: aborted, resolve } = Promise.withResolvers<void>()
    const hub = fakeHub({
      readBlock: (_caller, _dataset, _digest, _id, options) =>
        new Promise((_, reject) => {
          options?.signal?.addEventListener('abort', () => {
            resolve()
            reject(options.signal?.reason)
          })
        }),
    })
    const { url, log } = await startServer({ hub })
    const req = get(url + BLOCK_PATH).on('error', () => {})
    await until(() => hub.seen.some((call) => call.name === 'readBlock'))
    req.destroy()
    await aborted
    await until(() => log.some((line) => line.status === 499 && line.error === 'cancelled'))
  })

  /** A hub with one large block, which does not fit into the buffers of a connection. */
  function largeHub() {
    const large = Buffer.alloc(16 * 1024 * 1024, 'x')
    return fakeHub({
      blockSize: async () => large.length,
      readBlock: async () => ({ size: large.length, bytes: large }),
    })
  }

  it('waits for a slow reader and holds no more than its share for it', async () => {
    const { url } = await startServer({ hub: largeHub(), limits: { downloadBytes: 32 * 1024 * 1024 } })
    const slow = await Promise.all(
      [1, 2].map(async () => (await once(get(url + BLOCK_PATH), 'response'))[0] as IncomingMessage),
    )
    const third = once(get(url + BLOCK_PATH), 'response')
    const before = process.memoryUsage().rss
    await new Promise((done) => setTimeout(done, 100))
    assert.ok(process.memoryUsage().rss - before < 16 * 1024 * 1024)
    let came = false
    third.then(() => {
      came = true
    })
    assert.ok(!came, 'the third waits for room')
    for (const response of slow) response.resume()
    const [response] = (await third) as [IncomingMessage]
    let length = 0
    for await (const part of response) length += part.length
    assert.equal(length, 16 * 1024 * 1024)
  })

  it('tells a download to come back when there is no room for too long', async () => {
    const { url } = await startServer({
      hub: largeHub(),
      limits: { downloadBytes: 16 * 1024 * 1024, downloadWait: 20 },
    })
    const [slow] = (await once(get(url + BLOCK_PATH), 'response')) as [IncomingMessage]
    const { status, headers } = await ask(url + BLOCK_PATH)
    assert.equal(status, 503)
    assert.ok(Number(headers['retry-after']) > 0)
    slow.destroy() // in the midst of the answer: its room is free again
    await until(async () => (await ask(url + BLOCK_PATH)).status === 200)
  })

  it('cuts off a reader that takes nothing at all', async () => {
    const { url, log } = await startServer({ hub: largeHub(), limits: { stallTimeout: 100 } })
    const [response] = (await once(get(url + BLOCK_PATH), 'response')) as [IncomingMessage]
    await until(() => log.some((line) => /takes nothing/.test(String(line.msg))))
    await assert.rejects(response.toArray(), /aborted/)
  })

  it('cuts off a reader of HTTP/2 that takes nothing at all', async () => {
    const { url, log } = await startServer({ hub: largeHub(), limits: { stallTimeout: 100 } })
    const session = connectHttp2(url)
    const stream = session.request({ ':path': BLOCK_PATH })
    await once(stream, 'response')
    stream.pause()
    await until(() => log.some((line) => /takes nothing/.test(String(line.msg))))
    await until(() => log.some((line) => line.status === 499))
    session.destroy()
  })

  it('goes on with a reader that is slow but takes something', async () => {
    const { url } = await startServer({ hub: largeHub(), limits: { stallTimeout: 300 } })
    const [response] = (await once(get(url + BLOCK_PATH), 'response')) as [IncomingMessage]
    let length = 0
    let pauses = 0
    for await (const part of response) {
      length += part.length
      if (length / 1_000_000 > pauses + 1 && pauses++ < 8) await new Promise((done) => setTimeout(done, 60))
    }
    assert.equal(length, 16 * 1024 * 1024)
  })
})
