// Uploading blocks over plain HTTP: what is refused, and when; slow clients, slow hubs and clients that go away.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { MAX_BLOCK } from '../../core/block.ts'
import { AetherError } from '../../core/errors.ts'
import { BLOCK, BLOCK_ID, fakeHub } from '../hub.fixture.ts'
import { openRaw, startServer, until } from '../server.fixture.ts'

const PATH = `/api/v2/datasets/@geo/cities/blocks/${BLOCK_ID}`

interface Answer {
  status: number
  headers: IncomingMessage['headers']
  body: { receipt?: string; errors?: { code: string }[] }
}

function put(url: string, headers: Record<string, string | number>, path = PATH): ClientRequest {
  return request(url + path, { method: 'PUT', headers })
}

async function answerTo(req: ClientRequest): Promise<Answer> {
  const [response] = (await once(req, 'response')) as [IncomingMessage]
  const body = Buffer.concat(await response.toArray())
  return { status: response.statusCode!, headers: response.headers, body: JSON.parse(body.toString()) }
}

describe('PUT of a block', async () => {
  const hub = fakeHub()
  const { url, port } = await startServer({ hub })

  it('answers with a receipt', async () => {
    const req = put(url, { 'content-length': BLOCK.length })
    req.end(BLOCK)
    const { status, body } = await answerTo(req)
    assert.equal(status, 201)
    assert.equal(body.receipt, `receipt for ${BLOCK_ID}`)
    const [caller, dataset, id, size] = hub.seen.at(-1)!.args
    assert.deepEqual([caller, dataset, id, size], [{ subject: 'anonymous' }, '@geo/cities', BLOCK_ID, BLOCK.length])
  })

  it('takes uploads of curl, which waits to be told to send', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'aetherfs-upload-'))
    await writeFile(join(folder, 'block'), BLOCK)
    for (const version of ['--http1.1', '--http2-prior-knowledge']) {
      const { stdout } = await promisify(execFile)('curl', [
        '-s',
        version,
        '-H',
        'Expect: 100-continue',
        '-T',
        join(folder, 'block'),
        url + PATH,
      ])
      assert.equal(JSON.parse(stdout).receipt, `receipt for ${BLOCK_ID}`)
    }
    await rm(folder, { recursive: true })
  })

  it('says that the bytes do not match with 422', async () => {
    const req = put(url, { 'content-length': 3 })
    req.end('abc')
    const { status, body } = await answerTo(req)
    assert.equal(status, 422)
    assert.equal(body.errors![0]!.code, 'integrity')
  })

  it('wants to know the length', async () => {
    const req = put(url, { 'transfer-encoding': 'chunked' })
    req.end('abc')
    assert.equal((await answerTo(req)).status, 411)
    const session = connectHttp2(url)
    const stream = session.request({ ':path': PATH, ':method': 'PUT' })
    stream.end('abc')
    assert.equal((await once(stream, 'response'))[0][':status'], 411)
    session.destroy()
  })

  it('takes no empty blocks and none in an encoding', async () => {
    const empty = put(url, { 'content-length': 0 })
    empty.end()
    assert.equal((await answerTo(empty)).status, 400)
    const zipped = put(url, { 'content-length': 3, 'content-encoding': 'gzip' })
    zipped.end('abc')
    assert.equal((await answerTo(zipped)).status, 415)
  })

  it('refuses what is too large before it is sent', async () => {
    const raw = await openRaw(port)
    raw.socket.write(
      `PUT ${PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${MAX_BLOCK + 1}\r\nExpect: 100-continue\r\n\r\n`,
    )
    await raw.closed
    assert.match(raw.text(), /^HTTP\/1.1 413 [\s\S]*connection: close/)
  })

  it('lets a client that sends anyway read why it is refused', async () => {
    const req = put(url, { 'content-length': MAX_BLOCK + 1 })
    req.on('error', () => {}) // the connection ends before all is sent
    req.write(Buffer.alloc(8 * 1024 * 1024))
    const { status, headers, body } = await answerTo(req)
    assert.equal(status, 413)
    assert.equal(headers.connection, 'close')
    assert.equal(body.errors![0]!.code, 'too-large')
    req.destroy()
  })

  it('refuses malformed ids and names', async () => {
    for (const path of [PATH.replace(BLOCK_ID, 'x'), PATH.replace('@geo', '@Geo')]) {
      const req = put(url, { 'content-length': 3 }, path)
      req.end('abc')
      assert.equal((await answerTo(req)).status, 400, path)
    }
  })
})

describe('an upload', () => {
  it('may be answered before it is read', async () => {
    for (const outcome of ['receipt', new AetherError('denied', 'You may not push here')]) {
      const hub = fakeHub({
        async uploadBlock() {
          if (typeof outcome === 'string') return outcome
          throw outcome
        },
      })
      const { url } = await startServer({ hub })
      const req = put(url, { 'content-length': BLOCK.length })
      req.on('error', () => {})
      req.write(BLOCK.subarray(0, BLOCK.length - 1))
      const { status, body } = await answerTo(req)
      assert.equal(status, typeof outcome === 'string' ? 201 : 403)
      assert.ok(body.receipt ?? body.errors)
      req.destroy()
    }
  })

  it('waits in the client until the hub has room for it', async () => {
    const { promise: room, resolve: makeRoom } = Promise.withResolvers<void>()
    const size = 16 * 1024 * 1024
    const hub = fakeHub({
      async uploadBlock(_caller, _dataset, _id, _size, body) {
        await room
        let length = 0
        for await (const part of body) length += part.length
        return String(length)
      },
    })
    const { url } = await startServer({ hub })
    const req = put(url, { 'content-length': size })
    req.end(Buffer.alloc(size))
    await until(() => hub.seen.length > 0)
    await new Promise((done) => setTimeout(done, 100))
    assert.equal(req.writableFinished, false)
    makeRoom()
    assert.equal((await answerTo(req)).body.receipt, String(size))
  })

  /** A hub that tells what became of an upload. */
  function watchedHub() {
    const { promise: ended, resolve } = Promise.withResolvers<{ error: unknown; aborted: boolean }>()
    let began = false
    const hub = fakeHub({
      async uploadBlock(_caller, _dataset, _id, _size, body, options) {
        try {
          for await (const _ of body) began = true
          return 'whole'
        } catch (error) {
          resolve({ error, aborted: options?.signal?.aborted === true })
          throw error
        }
      },
    })
    return { hub, ended, began: () => began }
  }

  it('ends in the hub when the client goes away', async () => {
    const { hub, ended, began } = watchedHub()
    const { url, log } = await startServer({ hub })
    const req = put(url, { 'content-length': 1000 })
    req.on('error', () => {})
    req.write('abc')
    await until(began)
    req.destroy()
    assert.ok((await ended).error instanceof Error)
    await until(() => log.some((line) => line.status === 499 && line.bytesIn === 3))
    assert.ok(!log.some((line) => line.level === 50))
  })

  it('ends in the hub when the client resets the HTTP/2 stream', async () => {
    const { hub, ended, began } = watchedHub()
    const { url, log } = await startServer({ hub })
    const session = connectHttp2(url)
    const stream = session.request({ ':path': PATH, ':method': 'PUT', 'content-length': 1000 })
    stream.on('error', () => {})
    stream.write('abc')
    await until(began)
    stream.close(8)
    const { error } = await ended
    assert.ok(error instanceof AetherError && error.code === 'cancelled')
    await until(() => log.some((line) => line.status === 499))
    session.destroy()
  })

  it('is given up when the client falls silent', async () => {
    const { hub, ended } = watchedHub()
    const { url } = await startServer({ hub, limits: { bodyIdleTimeout: 50, lingerTimeout: 20 } })
    const req = put(url, { 'content-length': 1000 })
    req.on('error', () => {})
    req.write('abc')
    assert.equal((await answerTo(req)).status, 408)
    assert.match(String((await ended).error), /No byte of the request/)
    const session = connectHttp2(url)
    const stream = session.request({ ':path': PATH, ':method': 'PUT', 'content-length': 1000 })
    stream.on('error', () => {})
    stream.write('abc')
    assert.equal((await once(stream, 'response'))[0][':status'], 408)
    await once(stream.resume(), 'close')
    session.destroy()
  })
})
