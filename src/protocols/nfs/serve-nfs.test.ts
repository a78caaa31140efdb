// The door over a hub in memory: what each procedure answers, good calls and bad ones.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AetherError } from '../../core/errors.ts'
import { sampleBytes } from '../../core/sample.fixture.ts'
import { until } from '../server.fixture.ts'
import { READ_BYTES } from './limits.ts'
import {
  lookUp,
  MOUNT,
  NFS,
  openClient,
  readAttributes,
  readPage,
  readPresent,
  readRange,
  readWhole,
  walk,
} from './nfs-client.fixture.ts'
import { openDoor, openHub, openHubDoor, push } from './nfs-server.fixture.ts'
import { STATUS } from './program.ts'
import { createXdrWriter } from './xdr-writer.ts'

const BIG = sampleBytes(1_500_000, 'big')
const { hub, tree, client, root, log, metrics, port } = await openHubDoor()
await push(
  hub,
  { 'a.txt': 'one', 'big.bin': BIG, 'd/e/deep.txt': 'deep', 'Zürich 日本.txt': 'odd' },
  'geo',
  'latest',
  'v1',
)
await push(hub, { 'a.txt': 'two' }, '@team/other', 'latest')
const latest = await walk(client, root, 'geo', 'latest')
const big = await walk(client, latest, 'big.bin')

describe('MOUNT', () => {
  it('gives handles of any folder, the same as looking it up', async () => {
    assert.deepEqual((await client.mount('/geo/latest')).handle, latest)
    assert.deepEqual((await client.mount('//geo/latest/')).handle, latest)
    assert.equal((await client.mount('/@team/other/latest')).status, STATUS.ok)
    assert.ok(log.some(({ msg, path }) => msg === 'mounted' && path === '/geo/latest'))
  })

  it('refuses what is not there, what is no folder, and what cannot be', async () => {
    for (const path of ['/nope', '/geo/nope', '/geo/latest/..', '/\0', `/${'x'.repeat(1000)}`])
      assert.equal((await client.mount(path)).status, STATUS.noEntry, path)
    assert.equal((await client.mount('/geo/latest/a.txt')).status, STATUS.notFolder)
  })

  it('lists its export, knows of no clients, and lets go without a word', async () => {
    const exports = await client.call(MOUNT, 5)
    assert.deepEqual([exports.u32(), exports.bool(), Buffer.from(exports.opaque(99)).toString()], [0, true, '/'])
    assert.deepEqual([exports.bool(), exports.bool()], [false, false])
    assert.deepEqual([0, 0].map((await client.call(MOUNT, 2)).u32), [0, 0])
    assert.equal((await client.call(MOUNT, 3, (args) => args.opaque(Buffer.from('/')))).u32(), 0)
    assert.equal((await client.call(MOUNT, 4)).u32(), 0)
  })
})

describe('NFS', () => {
  it('finds nodes by their names, and the way up', async () => {
    const deep = await walk(client, latest, 'd', 'e', 'deep.txt')
    assert.equal((await readRange(client, deep, 0, 10)).bytes.toString(), 'deep')
    assert.equal((await lookUp(client, latest, 'Zürich 日本.txt')).status, 0)
    const snapshot = await walk(client, latest, 'd', 'e', '..', '..')
    assert.deepEqual(await walk(client, snapshot, 'd', '.'), await walk(client, latest, 'd'))
    assert.deepEqual(await walk(client, snapshot, '..', '..', '..', '..'), root)
    assert.deepEqual(await walk(client, root, '@team', 'other', '..', '..'), root)
  })

  it('refuses names that are not there or cannot be', async () => {
    for (const name of ['nope', '', 'd/e', '\0', 'a\\b', Buffer.from([0xff, 0xfe])])
      assert.equal((await lookUp(client, latest, name)).status, STATUS.noEntry, String(name))
    assert.equal((await lookUp(client, latest, 'x'.repeat(256))).status, STATUS.nameTooLong)
    assert.equal((await lookUp(client, big, 'x')).status, STATUS.notFolder)
  })

  it('tells attributes: sizes, modes, times', async () => {
    const { status, results } = await client.nfs(1, (args) => args.opaque(big))
    const file = readAttributes(results)
    assert.deepEqual([status, file.type, file.mode, file.size], [0, 1, 0o444, BIG.length])
    assert.equal(file.modified, 1_700_000_000)
    const folder = (await lookUp(client, latest, 'd')).attributes!
    assert.deepEqual([folder.type, folder.mode], [2, 0o555])
    assert.notEqual(folder.fileId, file.fileId)
  })

  it('says that all may read and nobody may write', async () => {
    const { results } = await client.nfs(4, (args) => args.opaque(latest).u32(0x3f))
    readPresent(results)
    assert.equal(results.u32(), 0x23)
    const file = (await client.nfs(4, (args) => args.opaque(big).u32(0x3f))).results
    readPresent(file)
    assert.equal(file.u32(), 0x01)
  })

  it('reads any range, up to a megabyte at once', async () => {
    for (const [offset, count] of [
      [0, 1],
      [255_999, 300_000],
      [1_499_990, 100],
    ] as const) {
      const { bytes, isEnd } = await readRange(client, big, offset, count)
      assert.ok(bytes.equals(BIG.subarray(offset, offset + count)))
      assert.equal(isEnd, offset + count >= BIG.length)
    }
    assert.equal((await readRange(client, big, 0, 2 ** 32 - 1)).bytes.length, READ_BYTES)
    for (const offset of [1_500_000, 1_500_001, 2n ** 64n - 1n])
      assert.deepEqual(await readRange(client, big, offset, 5), { status: 0, bytes: Buffer.alloc(0), isEnd: true })
    assert.equal((await readRange(client, latest, 0, 5)).status, STATUS.isFolder)
  })

  it('lists folders in pages of the size that is asked for', async () => {
    for (const plus of [false, true]) {
      for (const bytes of [400, 8192]) {
        const names = (await readWhole(client, latest, { plus, bytes })).map(({ name }) => name)
        assert.deepEqual(names, ['.', '..', 'Zürich 日本.txt', 'a.txt', 'big.bin', 'd'])
      }
      const top = (await readWhole(client, root, { plus, bytes: 300 })).map(({ name }) => name)
      assert.deepEqual(top, ['.', '..', '@team', 'geo'])
    }
    assert.equal((await readPage(client, latest, { bytes: 100 })).status, STATUS.tooSmall)
    assert.equal((await readPage(client, big)).status, STATUS.notFolder)
    const [listed] = (await readWhole(client, latest, { plus: true })).filter(({ name }) => name === 'big.bin')
    assert.deepEqual(listed!.handle, big)
  })

  it('refuses cookies that it did not give', async () => {
    for (const cookie of [99n, 2n ** 62n + 5n, 2n ** 64n - 1n]) {
      const { verifier } = await readPage(client, latest)
      for (const folder of [root, latest, await walk(client, latest, 'd')]) {
        const page = await readPage(client, folder, { cookie, ...(folder === latest && { verifier }) })
        assert.equal(page.status, STATUS.badCookie, String(cookie))
      }
    }
    assert.equal((await readPage(client, latest, { cookie: 2n })).status, STATUS.badCookie) // without its verifier
  })

  it('tells about the file system', async () => {
    const info = (await client.nfs(19, (args) => args.opaque(root))).results
    readPresent(info)
    assert.equal(info.u32(), READ_BYTES)
    const limits = (await client.nfs(20, (args) => args.opaque(root))).results
    readPresent(limits)
    assert.deepEqual([limits.u32(), limits.u32()], [1, 255])
    assert.equal((await client.nfs(18, (args) => args.opaque(root))).status, 0)
    assert.equal((await client.nfs(21, (args) => args.opaque(big).u64(0n).u32(0))).status, 0)
  })

  it('refuses whatever would change something, with the right words behind', async () => {
    const words = { 2: 2, 7: 2, 8: 2, 9: 2, 10: 2, 11: 2, 12: 2, 13: 2, 14: 4, 15: 3 }
    for (const [procedure, count] of Object.entries(words)) {
      const { status, results } = await client.nfs(Number(procedure), (args) => args.opaque(latest).u32(0).u32(0))
      assert.equal(status, STATUS.readOnly, procedure)
      for (let word = 0; word < count; word++) assert.equal(results.u32(), 0)
      assert.throws(results.u32, { code: 'invalid' })
    }
  })

  it('knows its handles from all others', async () => {
    const forged = Buffer.from(big)
    forged[20]! ^= 1
    for (const handle of [forged, new Uint8Array(), Buffer.alloc(64)])
      assert.equal((await client.nfs(1, (args) => args.opaque(handle))).status, STATUS.badHandle)
  })

  it('counts calls', async () => {
    const text = await metrics()
    assert.match(text, /aetherfs_nfs_calls_total\{procedure="nfs READ",outcome="ok"\} \d/)
    assert.match(text, /aetherfs_nfs_connections 1/)
  })
})

describe('RPC', () => {
  it('says which programs, versions and procedures there are', async () => {
    assert.equal((await client.call({ program: 100000, version: 2 }, 0)).u32(), 1)
    const other = await client.call({ ...NFS, version: 4 }, 0)
    assert.deepEqual([other.u32(), other.u32(), other.u32()], [2, 3, 3])
    assert.equal((await client.call(NFS, 22)).u32(), 3)
    assert.equal((await client.call(MOUNT, 6)).u32(), 3)
    assert.equal((await client.call(NFS, 0)).u32(), 0)
  })

  it('says that arguments are garbage', async () => {
    for (const procedure of [1, 3, 4, 6, 7, 16, 17, 19, 21])
      assert.equal((await client.call(NFS, procedure, (args) => args.u32(65))).u32(), 4)
    assert.equal((await client.call(MOUNT, 1, (args) => args.u32(2 ** 31))).u32(), 4)
  })

  it('takes the credentials that say nothing, and no others', async () => {
    const system = createXdrWriter().u32(1).opaque(Buffer.from('host')).u32(1000).u32(1000).u32(1).u32(4)
    const credential = Buffer.concat(system.parts())
    assert.equal((await client.call({ ...NFS, flavor: 1, credential }, 0)).u32(), 0)
    for (const header of [
      { ...NFS, flavor: 6 },
      { ...NFS, flavor: 1, credential: credential.subarray(0, 12) },
    ]) {
      const reply = await client.raw(header, 0)
      assert.deepEqual([1, 2, 3, 4].map(reply.u32), [1, 1, 1, 1])
    }
    const reply = await client.raw({ ...NFS, rpcVersion: 3 }, 0)
    assert.deepEqual([1, 2, 3, 4, 5].map(reply.u32), [1, 1, 0, 2, 2])
  })

  it('closes connections that make no sense, and others go on', async () => {
    for (const bytes of [Buffer.from('GET / HTTP/1.1\r\n\r\n'), Buffer.from([0x80, 0, 0, 4, 0, 0, 0, 1])]) {
      const stranger = await openClient(port)
      stranger.socket.write(bytes)
      await stranger.closed
    }
    assert.equal((await client.call(NFS, 0)).u32(), 0)
  })
})

describe('failures', () => {
  it('are told as they are: damage as an I/O error, a store that is away as one to wait for', async () => {
    const errors = [
      [new AetherError('integrity', 'Damaged'), STATUS.io, 'error'],
      [new AetherError('unavailable', 'Away'), STATUS.tryLater, 'warn'],
      [new Error('A defect'), STATUS.serverFault, 'error'],
    ] as const
    for (const [error, status, level] of errors) {
      const door = await openDoor({
        ...tree,
        // biome-ignore lint/correctness/useYield: it fails before
        async *read() {
          throw error
        },
      })
      using own = await openClient(door.port)
      const file = await walk(own, (await own.mount('/geo/latest')).handle, 'a.txt')
      assert.equal((await readRange(own, file, 0, 5)).status, status)
      assert.ok(
        door.log.some((line) => line.msg === 'call failed' && line.procedure === 'nfs READ'),
        level,
      )
    }
  })

  it('never come as a part of the bytes', async () => {
    const door = await openDoor({
      ...tree,
      async *read() {
        yield Buffer.from('on')
      },
    })
    using own = await openClient(door.port)
    const file = await walk(own, (await own.mount('/geo/latest')).handle, 'a.txt')
    assert.equal((await readRange(own, file, 0, 3)).status, STATUS.serverFault)
  })
})

describe('a limited export', () => {
  const SECRET = 'c0ffee'.repeat(6)

  it('is mounted by its secret path only, and not listed', async () => {
    const door = await openDoor(tree, { secretPath: SECRET })
    using own = await openClient(door.port)
    assert.equal((await own.mount(`/${SECRET}`)).status, 0)
    assert.equal((await own.mount(`/${SECRET}/geo/latest`)).status, 0)
    assert.equal((await own.mount(`/${SECRET}/nope`)).status, STATUS.noEntry)
    for (const path of ['/', '', '/geo/latest', '/nope', `/${SECRET.slice(1)}`, `/geo/${SECRET}`])
      assert.equal((await own.mount(path)).status, STATUS.access, path)
    const exports = await own.call(MOUNT, 5)
    assert.deepEqual([exports.u32(), exports.bool()], [0, false])
    assert.ok(!JSON.stringify(door.log).includes(SECRET))
  })

  it('is closed to other addresses', async () => {
    const { parseAddresses } = await import('./client-addresses.ts')
    const door = await openDoor(tree, { allowed: parseAddresses(['10.0.0.0/8']) })
    const stranger = await openClient(door.port)
    await stranger.closed
    await until(() => door.log.some(({ msg }) => String(msg).includes('not allowed')))
  })
})

describe('many hubs', () => {
  it('of one store give the same handles', async () => {
    const { hub, storage, client, root } = await openHubDoor()
    await push(hub, { 'a.txt': 'one' }, '@team/data', 'latest')
    const other = await openHubDoor(storage) // one that has seen no name yet
    const folders = await walk(client, root, '@team')
    const tag = await walk(client, root, '@team', 'data', 'latest')
    const file = await walk(client, tag, 'a.txt')
    assert.equal((await readRange(other.client, file, 0, 9)).bytes.toString(), 'one')
    assert.deepEqual(await walk(other.client, tag, 'a.txt'), file)
    assert.deepEqual(await walk(other.client, folders, 'data', 'latest', 'a.txt'), file)
    assert.deepEqual(other.root, root)
    const stranger = await openHubDoor()
    assert.equal((await readRange(stranger.client, file, 0, 9)).status, STATUS.badHandle)
  })

  it('of one store read on in folders where another began', async () => {
    const { hub, storage, client, root } = await openHubDoor()
    for (const name of ['a', 'b', 'c']) await push(hub, { x: name }, name, 'latest')
    const { entries } = await readPage(client, root, { bytes: 200 })
    const { cookie, name } = entries.at(-1)!
    assert.equal(name, 'a')
    const { client: other } = await openHubDoor(storage)
    const rest = await readWhole(other, root, { cookie, bytes: 8192 })
    assert.deepEqual(
      rest.map((entry) => entry.name),
      ['b', 'c'],
    )
  })
})

describe('a tag that moves', () => {
  it('keeps its handle, tells when it moved, and leaves open files as they were', async () => {
    const { hub, client, root } = await openHubDoor()
    await push(hub, { 'a.txt': 'one' }, 'geo', 'latest')
    const tag = await walk(client, root, 'geo', 'latest')
    const old = await walk(client, tag, 'a.txt')
    const before = (await lookUp(client, root, 'geo')).status
    const { changed } = (await lookUp(client, await walk(client, root, 'geo'), 'latest')).attributes!
    const { verifier } = await readPage(client, tag)
    await push(hub, { 'a.txt': 'two', b: '' }, 'geo', 'latest')
    const fresh = await walk(client, tag, 'a.txt')
    assert.equal((await readRange(client, old, 0, 9)).bytes.toString(), 'one')
    assert.equal((await readRange(client, fresh, 0, 9)).bytes.toString(), 'two')
    assert.deepEqual(await walk(client, root, 'geo', 'latest'), tag)
    const moved = (await lookUp(client, await walk(client, root, 'geo'), 'latest')).attributes!
    assert.ok(moved.changed > changed && before === 0)
    assert.equal((await readPage(client, tag, { cookie: 2n, verifier })).status, STATUS.badCookie)
  })

  it('makes handles stale when it is gone', async () => {
    const { hub, client, root } = await openHubDoor()
    await push(hub, { 'a.txt': 'one' }, 'geo', 'old', 'latest')
    const tag = await walk(client, root, 'geo', 'old')
    const file = await walk(client, tag, 'a.txt')
    await hub.deleteTag({ subject: 'anonymous' }, 'geo' as never, 'old' as never, {})
    assert.equal((await lookUp(client, tag, 'a.txt')).status, STATUS.stale)
    assert.equal((await lookUp(client, await walk(client, root, 'geo'), 'old')).status, STATUS.noEntry)
    assert.equal((await readRange(client, file, 0, 9)).bytes.toString(), 'one')
  })

  it('is stale too for a hub that never knew its name, or the snapshot', async () => {
    const { hub, client, root, handleKey } = await openHubDoor()
    await push(hub, { 'a.txt': 'one' }, 'geo', 'latest')
    const tag = await walk(client, root, 'geo', 'latest')
    const file = await walk(client, tag, 'a.txt')
    const { tree: empty } = await openHub()
    using other = await openClient((await openDoor(empty, { handleKey })).port)
    for (const handle of [tag, file, file])
      assert.equal((await other.nfs(1, (args) => args.opaque(handle))).status, STATUS.stale)
  })
})
