// What clients may make the door do at once, and clients that do not take what they asked for.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Digest } from '../../core/id.ts'
import type { DatasetName } from '../../core/names.ts'
import type { ReadableTree, TreeFile, TreeFolder } from '../../dataset/tree/readable-tree.ts'
import { until } from '../server.fixture.ts'
import { DEFAULT_NFS_LIMITS, FOLDER_BYTES, READ_BYTES } from './limits.ts'
import { callBytes, NFS, type NfsClient, openClient, readRange, readWhole } from './nfs-client.fixture.ts'
import { openDoor, type TestDoor } from './nfs-server.fixture.ts'
import { STATUS } from './program.ts'
import { frameRecord } from './record-marking.ts'

const place = { level: 'snapshot', dataset: 'geo' as DatasetName, digest: 'ab'.repeat(32) as Digest, depth: 1 } as const
const FILE: TreeFile = {
  kind: 'file',
  name: 'file',
  place: { ...place, index: 0 },
  size: 2 ** 40,
  executable: false,
  hash: 'cd'.repeat(32) as never,
  modifiedMicros: 1,
}
const ROOT: TreeFolder = { kind: 'folder', name: '', place: { level: 'root' }, modifiedMicros: 0, digest: undefined }
const ENTRIES = 5_000

interface Counts {
  /** Reads that are under way, and most of them so far. */
  reading: number
  most: number
  /** Most nodes that a list was asked for. */
  limit: number
}

/** One endless file whose bytes come when they are let, and a folder of many. */
function fakeTree(released: Promise<unknown> = Promise.resolve()): { tree: ReadableTree; counts: Counts } {
  const counts = { reading: 0, most: 0, limit: 0 }
  const piece = Buffer.alloc(256 * 1024, 7)
  const tree: Partial<ReadableTree> = {
    find: async (path) => (path.length === 0 ? ROOT : { ...ROOT, place: { ...place, index: 0 } }),
    at: async (at) =>
      at.level === 'root' ? ROOT : at.level === 'snapshot' && at.depth === 1 ? FILE : { ...ROOT, place: at },
    child: async () => FILE,
    async list(_, { after, limit }) {
      counts.limit = Math.max(counts.limit, limit)
      if (after === undefined) return { items: [{ node: { ...ROOT, name: 'geo' }, token: 'geo' }], isLast: true }
      return { items: [], isLast: true }
    },
    async *read(_, { length }) {
      counts.most = Math.max(counts.most, ++counts.reading)
      try {
        await released
        for (let left = length; left > 0; left -= piece.length) yield piece.subarray(0, left)
      } finally {
        counts.reading--
      }
    },
  }
  return { tree: tree as ReadableTree, counts }
}

async function openFile(door: TestDoor): Promise<{ client: NfsClient; file: Uint8Array }> {
  const client = await openClient(door.port)
  const { handle } = await client.mount('/')
  const { results } = await client.nfs(3, (args) => args.opaque(handle).opaque(Buffer.from('file')))
  return { client, file: results.opaque(64) }
}

function askFor(file: Uint8Array, count: number): Buffer {
  const args = callBytes(1, NFS, 6, (out) => out.opaque(file).u64(0n).u32(count))
  return Buffer.concat(frameRecord([args]))
}

describe('a connection', () => {
  it('has so many calls and bytes under way at once, and takes the others when there is room', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const { tree, counts } = fakeTree(promise)
    const door = await openDoor(tree)
    const { client, file } = await openFile(door)
    using small = (await openFile(door)).client
    const large = Array.from({ length: 40 }, () => readRange(client, file, 0, READ_BYTES))
    await until(() => counts.most === DEFAULT_NFS_LIMITS.connectionBytes / READ_BYTES)
    const tiny = Array.from({ length: 100 }, () => readRange(small, file, 0, 1))
    await until(() => counts.reading === 8 + DEFAULT_NFS_LIMITS.calls)
    resolve()
    for (const { bytes } of await Promise.all(large)) assert.equal(bytes.length, READ_BYTES)
    for (const { bytes } of await Promise.all(tiny)) assert.equal(bytes.length, 1)
    assert.equal(counts.most, 8 + DEFAULT_NFS_LIMITS.calls)
    client.socket.destroy()
  })

  it('shares its room with all others, and is told to come back when there is none', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const { tree, counts } = fakeTree(promise)
    const door = await openDoor(tree, { limits: { bytes: READ_BYTES, wait: 20 } })
    const { client, file } = await openFile(door)
    using other = (await openFile(door)).client
    const first = readRange(client, file, 0, READ_BYTES)
    await until(() => counts.reading === 1)
    assert.equal((await readRange(other, file, 0, 1)).status, STATUS.tryLater)
    assert.equal((await other.call(NFS, 0)).u32(), 0)
    resolve()
    assert.equal((await first).bytes.length, READ_BYTES)
    client.socket.destroy()
  })

  it('is closed when its client takes nothing, and holds no more than its share until then', async () => {
    const { tree, counts } = fakeTree()
    const door = await openDoor(tree, { limits: { stallTimeout: 100 } })
    const { client, file } = await openFile(door)
    client.socket.pause()
    for (let i = 0; i < 100; i++) client.socket.write(askFor(file, READ_BYTES))
    await until(() =>
      door.log.some(({ msg, reason }) => msg === 'connection closed' && /takes nothing/.test(String(reason))),
    )
    assert.ok(counts.most <= 8)
    client.socket.destroy()
  })

  it('answers what it was asked when the client has closed its side', async () => {
    const door = await openDoor(fakeTree().tree)
    const { client, file } = await openFile(door)
    const answer = readRange(client, file, 0, READ_BYTES)
    client.socket.end()
    assert.equal((await answer).bytes.length, READ_BYTES)
    await client.closed
  })

  it('is closed when nothing happens for long', async () => {
    const door = await openDoor(fakeTree().tree, { limits: { idleTimeout: 20 } })
    await (await openClient(door.port)).closed
  })

  it('survives noise, and others go on meanwhile', async () => {
    const door = await openDoor(fakeTree().tree)
    const { client, file } = await openFile(door)
    const before = process.memoryUsage().rss
    const good = askFor(file, 5)
    const noise = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.tuple(fc.nat(good.length - 1), fc.nat(255)).map(([at, byte]) => Buffer.from(good).fill(byte, at, at + 1)),
      fc.tuple(fc.nat(10), fc.uint8Array({ maxLength: 300 })).map(([words, tail]) => {
        const body = Buffer.concat([good.subarray(4, 4 + 4 * words), tail])
        return Buffer.concat(frameRecord([body]))
      }),
    )
    await fc.assert(
      fc.asyncProperty(noise, async (bytes) => {
        const socket = connect(door.port, '127.0.0.1')
        socket.on('error', () => {}).resume()
        socket.end(bytes)
        await once(socket, 'close')
      }),
      { numRuns: 200 },
    )
    assert.equal((await readRange(client, file, 0, 5)).bytes.length, 5)
    assert.ok(process.memoryUsage().rss - before < 200 * 1024 * 1024)
    client.socket.destroy()
  })
})

describe('a folder of many', () => {
  it('is listed in pages, without holding all', async () => {
    const { tree, counts } = fakeTree()
    const list: ReadableTree['list'] = async (_, { after = '0', limit }) => {
      counts.limit = Math.max(counts.limit, limit)
      const start = Number(after)
      const end = Math.min(start + limit, ENTRIES)
      const items = Array.from({ length: end - start }, (_, i) => {
        const index = start + i
        return { node: { ...FILE, name: `f${index}`, place: { ...place, index } }, token: String(index + 1) }
      })
      return { items, isLast: end === ENTRIES }
    }
    const door = await openDoor({
      ...tree,
      list,
      find: async () => ({ ...ROOT, place: { ...place, index: 0, depth: 0 } }),
    })
    using client = await openClient(door.port)
    const { handle } = await client.mount('/geo/latest')
    const entries = await readWhole(client, handle, { plus: true, bytes: 2 ** 20 })
    assert.equal(new Set(entries.map(({ name }) => name)).size, ENTRIES + 2)
    assert.ok(counts.limit <= FOLDER_BYTES / 100)
  })
})

describe('drain', () => {
  it('answers what is under way, and takes no more', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const { tree, counts } = fakeTree(promise)
    const door = await openDoor(tree)
    const { client, file } = await openFile(door)
    const idle = await openClient(door.port)
    const answer = readRange(client, file, 0, READ_BYTES)
    await until(() => counts.reading === 1)
    const drained = door.server.drain(60_000)
    await idle.closed
    await assert.rejects(openClient(door.port), { code: 'ECONNREFUSED' })
    resolve()
    assert.equal((await answer).bytes.length, READ_BYTES)
    await Promise.all([drained, client.closed])
  })

  it('ends what is left at the deadline', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const { tree, counts } = fakeTree(promise)
    const door = await openDoor(tree)
    const { client, file } = await openFile(door)
    const lost = assert.rejects(readRange(client, file, 0, 5))
    await until(() => counts.reading === 1)
    const drained = door.server.drain(10)
    await lost
    await drained
    resolve()
  })
})
