// What /fs/ does when the tree fails in the middle, or the client goes away.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { get } from 'node:http'
import { describe, it } from 'node:test'
import { randomBytesOf } from '../../../../test/testing/random.fixture.ts'
import { file } from '../../../../test/testing/tree.fixture.ts'
import { AetherError } from '../../../core/errors.ts'
import type { ReadableTree } from '../../../dataset/tree/readable-tree.ts'
import { ANONYMOUS } from '../../../hub/hub.ts'
import { openRaw, startServer, until } from '../../server.fixture.ts'
import { ask, openFsWorld } from './fs.fixture.ts'

const SIZE = 3_000_000
const world = await openFsWorld({
  'large.bin': file(randomBytesOf(SIZE, 1)),
  ...Object.fromEntries(Array.from({ length: 1100 }, (_, i) => [`z${i}`, file('')])),
})
const real = world.hub.trees(ANONYMOUS)
const damaged = () => new AetherError('integrity', 'A chunk does not match its id')

/** Pieces that the next read of a file gives before it fails. */
let pieces = 0
let failure: Error | undefined
/** Reads that have not ended. */
let reading = 0

async function* read(...args: Parameters<ReadableTree['read']>): AsyncGenerator<Uint8Array> {
  let left = pieces
  reading++
  try {
    for await (const piece of real.read(...args)) {
      if (left-- === 0) break
      yield piece
    }
    if (failure) throw failure
  } finally {
    reading--
  }
}

const list: ReadableTree['list'] = async (folder, options) => {
  if (failure && options.after !== undefined) throw failure
  return real.list(folder, options)
}

const { url, port, log } = await startServer({ hub: world.hub.hub, trees: () => ({ ...real, read, list }) })
const LARGE = `${url}/fs/geo/v1/large.bin`

async function isBrokenOff(path: string): Promise<void> {
  await assert.rejects(ask(`${url}/fs/${path}`), { code: 'ECONNRESET' }, path)
}

describe('a tree that fails', () => {
  it('before the first byte gives an error that says so', async () => {
    ;[pieces, failure] = [0, damaged()]
    for (const headers of [undefined, { range: 'bytes=0-1' }, { range: 'bytes=0-1,1000-1001' }]) {
      const { status, text } = await ask(LARGE, headers)
      assert.equal(status, 502)
      assert.equal(JSON.parse(text).errors[0].code, 'integrity')
    }
    assert.ok(log.some((line) => JSON.stringify(line).includes('A chunk does not match its id')))
  })

  it('in the middle of a file breaks the connection', async () => {
    ;[pieces, failure] = [2, damaged()]
    await isBrokenOff('geo/v1/large.bin')
  })

  it('by giving too few bytes breaks the connection', async () => {
    ;[pieces, failure] = [2, undefined]
    await isBrokenOff('geo/v1/large.bin')
  })

  it('in the middle of an archive breaks the connection', async () => {
    ;[pieces, failure] = [9, damaged()]
    for (const format of ['tar', 'tar.zst', 'zip']) await isBrokenOff(`geo/v1/?archive=${format}`)
  })

  it('in the middle of a folder breaks the connection', async () => {
    failure = damaged()
    for (const format of ['html', 'json']) await isBrokenOff(`geo/v1/?format=${format}`)
  })

  it('resets a connection of HTTP/1.0, which has no other way to tell', async () => {
    ;[pieces, failure] = [3, damaged()]
    const { socket } = await openRaw(port)
    const error = once(socket, 'error').catch((reason: unknown) => [reason])
    socket.write('GET /fs/geo/v1/?archive=tar HTTP/1.0\r\n\r\n')
    const [reason] = (await error) as [NodeJS.ErrnoException]
    assert.equal(reason.code, 'ECONNRESET')
  })
})

describe('a client that goes away', () => {
  it('ends the reading of what it wanted', async () => {
    ;[pieces, failure] = [Number.POSITIVE_INFINITY, undefined]
    for (const path of ['geo/v1/large.bin', 'geo/v1/?archive=tar', 'geo/v1/?archive=tar.zst', 'geo/v1/?archive=zip']) {
      const request = get(`${url}/fs/${path}`).on('error', () => {})
      const [response] = await once(request, 'response')
      await once(response, 'readable')
      request.destroy()
      await until(() => reading === 0, `the end of ${path}`)
    }
  })
})
