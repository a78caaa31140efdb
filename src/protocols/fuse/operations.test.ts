import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { AetherError } from '../../core/errors.ts'
import { sha256Hex } from '../../core/id.ts'
import type { DatasetName, TagName } from '../../core/names.ts'
import { sampleBytes } from '../../core/sample.fixture.ts'
import type { Place } from '../../dataset/tree/readable-tree.ts'
import { buildSnapshot } from '../../hub/snapshot.fixture.ts'
import { ERRNO, INIT_FLAG, MORE_FLAG, OPCODE, PROTOCOL, ROOT_ID, WRITING } from './constants.ts'
import { hubWith, testKernel, words } from './kernel.fixture.ts'

const big = Buffer.from(sampleBytes(700_000, 'big'))
const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`many/file-${i}.txt`, `${i}`]))
const one = await buildSnapshot({ 'a.txt': 'one', 'd/big.bin': big, 'd/e/deep.txt': 'deep', empty: '', ...many })
const two = await buildSnapshot({ 'a.txt': 'two' })
const { hub, tree, push } = await hubWith([one, 'geo', 'v1', 'latest'], [two, '@maps/eu', 'latest'])
after(() => hub.close())

const dataset = 'geo' as DatasetName
const inGeo: Place = { level: 'snapshot', dataset, digest: one.record.digest, index: 0, depth: 0 }
const forever = 3600 * 24 * 365
const text = (value: string) => Buffer.from(`${value}\0`)
const attributeIn = (name: string, size: number) => Buffer.concat([words(size, 0), text(name)])

describe('createOperations on a snapshot', () => {
  const kernel = testKernel(tree, inGeo)

  it('looks up, reads, and lets the kernel keep what it was told', async () => {
    const file = await kernel.lookup('d', 'big.bin')
    assert.deepEqual([file.size, file.mode], [big.length, 0o100444])
    assert.ok(file.nameSeconds > forever && file.attributeSeconds > forever)
    assert.deepEqual(await kernel.read(file.node, 0, 1 << 20), big)
    assert.deepEqual(await kernel.read(file.node, 123_456, 300_000), big.subarray(123_456, 423_456))
    assert.equal((await kernel.read(file.node, big.length, 4096)).length, 0)
    assert.equal((await kernel.read(file.node, 2 ** 40, 4096)).length, 0)
    assert.equal((await kernel.lookup('d', 'big.bin')).node, file.node)
  })

  it('says that a name is not there, and that this will stay so', async () => {
    const entry = await kernel.lookup('none')
    assert.equal(entry.node, 0)
    assert.ok(entry.nameSeconds > forever)
    for (const name of ['..', '.', 'd/e', '\xff'.repeat(3)]) assert.equal((await kernel.lookup(name)).node, 0, name)
    assert.equal((await kernel.get(OPCODE.lookup, ROOT_ID, Buffer.from([0xff, 0xfe, 0]))).readUInt32LE(0), 0)
  })

  it('lists folders in pages of any size, each node once', async () => {
    const { node } = await kernel.lookup('many')
    const names = ['.', '..', ...Object.keys(many).map((path) => path.slice(5))].sort()
    for (const size of [200, 4096, 1 << 20]) {
      for (const plus of [false, true]) {
        const listed = await kernel.list(node, size, plus)
        assert.deepEqual(listed.map(({ name }) => name).sort(), names)
      }
    }
    const { error } = await kernel.ask(OPCODE.readdirplus, node, words(0n, 2n, 100, 0))
    assert.equal(error, ERRNO.EINVAL)
  })

  it('gives entries with READDIRPLUS that are those of LOOKUP', async () => {
    const listed = await kernel.list(ROOT_ID, 4096)
    for (const { name, entry } of listed.slice(2)) assert.deepEqual(entry, await kernel.lookup(name))
    assert.deepEqual(
      listed.slice(0, 2).map(({ entry }) => entry!.node),
      [0, 0],
    )
  })

  it('tells which version it is, in extended attributes', async () => {
    const { node } = await kernel.lookup('a.txt')
    const value = async (name: string) => (await kernel.get(OPCODE.getxattr, node, attributeIn(name, 100))).toString()
    assert.equal(await value('user.aetherfs.sha256'), sha256Hex('one'))
    assert.equal(await value('user.aetherfs.digest'), `sha256:${one.record.digest}`)
    assert.equal(await value('user.aetherfs.reference'), `geo@sha256:${one.record.digest}`)
    const names = await kernel.get(OPCODE.listxattr, node, words(1000, 0))
    assert.match(names.toString(), /^(user\.aetherfs\.\w+\0){3}$/)
    assert.equal((await kernel.get(OPCODE.listxattr, node, words(0, 0))).readUInt32LE(0), names.length)
    const error = async (name: string, size: number) =>
      (await kernel.ask(OPCODE.getxattr, node, attributeIn(name, size))).error
    assert.equal(await error('user.aetherfs.sha256', 10), ERRNO.ERANGE)
    assert.equal(await error('user.other', 10), ERRNO.ENODATA)
    assert.equal(await error('system.posix_acl_access', 10), ERRNO.EOPNOTSUPP)
  })

  it('refuses what is not so with the error of the system', async () => {
    const [file, folder] = [await kernel.lookup('a.txt'), await kernel.lookup('d')]
    const error = async (opcode: number, node: number, body?: Buffer) => (await kernel.ask(opcode, node, body)).error
    assert.equal(await error(OPCODE.read, folder.node, words(0n, 0n, 100, 0)), ERRNO.EISDIR)
    assert.equal(await error(OPCODE.open, folder.node, words(0, 0)), ERRNO.EISDIR)
    assert.equal(await error(OPCODE.opendir, file.node, words(0, 0)), ERRNO.ENOTDIR)
    assert.equal(await error(OPCODE.lookup, file.node, text('x')), ERRNO.ENOTDIR)
    assert.equal(await error(OPCODE.readlink, file.node), ERRNO.EINVAL)
    assert.equal(await error(OPCODE.getattr, 999_999, words(0, 0, 0n)), ERRNO.ESTALE)
    assert.equal(await error(OPCODE.access, file.node, words(2, 0)), ERRNO.EROFS)
    assert.equal(await error(OPCODE.access, file.node, words(4, 0)), 0)
    assert.equal(await error(OPCODE.readdir, ROOT_ID, words(0n, 5_000_000n, 4096, 0)), ERRNO.EINVAL)
  })

  it('answers what would write with EROFS, and all that it does not know with ENOSYS', async () => {
    for (const opcode of WRITING) assert.equal((await kernel.ask(opcode)).error, ERRNO.EROFS)
    const known = new Set<number>(Object.values(OPCODE))
    for (const opcode of [...Array(300).keys(), 4096, 1_048_576, 2 ** 32 - 1])
      if (!known.has(opcode)) assert.equal((await kernel.ask(opcode)).error, ERRNO.ENOSYS, `${opcode}`)
  })

  it('takes bodies that are too short for no more than a mistake', async () => {
    for (const opcode of Object.values(OPCODE)) {
      const { error } = await kernel.ask(opcode, ROOT_ID, Buffer.alloc(1))
      assert.ok(error !== ERRNO.EIO, `${opcode}: ${error}`)
    }
  })

  it('keeps in mind no more nodes than the kernel', async () => {
    const fresh = testKernel(tree, inGeo)
    const listed = await fresh.list((await fresh.lookup('many')).node, 1 << 20)
    assert.equal(fresh.nodes.size, 301)
    const { node } = listed[5]!.entry!
    fresh.nodes.forget(node, 1)
    assert.equal((await fresh.ask(OPCODE.getattr, node)).error, ERRNO.ESTALE)
    for (const { entry } of listed) fresh.nodes.forget(entry!.node, 1)
    assert.equal(fresh.nodes.size, 1)
    const { undo } = await fresh.ask(OPCODE.lookup, ROOT_ID, text('a.txt'))
    undo!()
    assert.equal(fresh.nodes.size, 1)
  })

  it('has numbers of inodes that are the same after another mount', async () => {
    const [before, after] = [kernel, testKernel(tree, { level: 'root' })]
    assert.equal((await after.lookup('geo', 'latest', 'd', 'big.bin')).ino, (await before.lookup('d', 'big.bin')).ino)
    const inos = (await before.list((await before.lookup('many')).node, 1 << 20)).map(({ entry }) => entry!.ino)
    assert.equal(new Set(inos.slice(2)).size, 300)
  })
})

describe('createOperations on all datasets', () => {
  const kernel = testKernel(tree, { level: 'root' })

  it('shows scopes, datasets, tags and digests', async () => {
    const names = async (node: number) => (await kernel.list(node, 4096)).map(({ name }) => name).slice(2)
    assert.deepEqual(await names(ROOT_ID), ['@maps', 'geo'])
    assert.deepEqual(await names((await kernel.lookup('@maps')).node), ['eu'])
    const { node } = await kernel.lookup('geo')
    assert.deepEqual((await names(node)).sort(), ['by-digest', 'latest', 'v1'])
    const digests = await kernel.lookup('geo', 'by-digest')
    assert.deepEqual(await names(digests.node), [`sha256:${one.record.digest}`])
    assert.deepEqual(await kernel.list(node, 40, false).then((all) => all.length), 5)
  })

  it('lets the kernel keep nothing for long above snapshots', async () => {
    const tag = await kernel.lookup('geo', 'latest')
    assert.ok(tag.nameSeconds <= 2 && tag.attributeSeconds <= 2)
    const file = await kernel.lookup('geo', 'latest', 'a.txt')
    assert.ok(file.nameSeconds <= 2 && file.attributeSeconds > forever)
    assert.ok((await kernel.lookup('geo', 'latest', 'none')).nameSeconds <= 2)
  })

  it('follows a tag, while what was looked up stays on its version', async () => {
    const old = await kernel.lookup('geo', 'latest', 'a.txt')
    await push(two, 'geo', 'latest')
    const fresh = await kernel.lookup('geo', 'latest', 'a.txt')
    assert.equal((await kernel.read(old.node, 0, 10)).toString(), 'one')
    assert.equal((await kernel.read(fresh.node, 0, 10)).toString(), 'two')
    assert.equal((await kernel.lookup('geo', 'latest', 'd')).node, 0)
  })
})

describe('createOperations on a root that follows', () => {
  it('goes on in the version in which a listing began', async () => {
    let digest = one.record.digest
    const root = {
      place: (): Place => ({ ...inGeo, digest }),
      follows: true,
      tag: 'latest' as TagName,
      space: () => ({ bytes: 10, files: 1 }),
    }
    const kernel = testKernel(tree, root)
    const handle = (await kernel.get(OPCODE.opendir)).readBigUInt64LE(0)
    digest = two.record.digest
    const page = await kernel.get(OPCODE.readdir, ROOT_ID, words(handle, 2n, 4096, 0))
    assert.ok(page.includes('many'))
    assert.equal((await kernel.lookup('a.txt')).size, 3)
    assert.equal((await kernel.lookup('many')).node, 0)
    const reference = await kernel.get(OPCODE.getxattr, ROOT_ID, attributeIn('user.aetherfs.reference', 200))
    assert.equal(reference.toString(), `geo:latest@sha256:${digest}`)
    assert.equal((await kernel.get(OPCODE.getattr)).readUInt32LE(0), 1)
  })
})

describe('createOperations when the tree fails', () => {
  const failing = (code: 'unavailable' | 'integrity' | 'denied' | 'cancelled') => {
    const fail = async () => {
      throw new AetherError(code, 'The hub is away')
    }
    const read = async function* () {
      yield Buffer.from('o')
      await fail()
    }
    return testKernel({ ...tree, child: fail, read }, inGeo)
  }

  it('gives an error and a reason for the log, never bytes', async () => {
    const kernel = failing('integrity')
    const { node } = (await kernel.list(ROOT_ID, 4096)).find(({ name }) => name === 'a.txt')!.entry!
    const reply = await kernel.ask(OPCODE.read, node, words(0n, 0n, 100, 0))
    assert.deepEqual([reply.error, reply.parts], [ERRNO.EIO, []])
    assert.deepEqual(
      kernel.failures.map(({ message }) => message),
      ['The hub is away'],
    )
    assert.equal((await kernel.ask(OPCODE.lookup, ROOT_ID, text('a.txt'))).error, ERRNO.EIO)
  })

  it('knows other errors', async () => {
    const error = async (code: Parameters<typeof failing>[0]) =>
      (await failing(code).ask(OPCODE.lookup, ROOT_ID, text('a'))).error
    assert.equal(await error('denied'), ERRNO.EACCES)
    assert.equal(await error('cancelled'), ERRNO.EINTR)
    assert.equal(await error('unavailable'), ERRNO.EIO)
  })

  it('takes a file that ends early for a failure, not for its end', async () => {
    const short = async function* () {
      yield Buffer.from('on')
    }
    const kernel = testKernel({ ...tree, read: short }, inGeo)
    const { node } = await kernel.lookup('a.txt')
    assert.equal((await kernel.ask(OPCODE.read, node, words(0n, 0n, 100, 0))).error, ERRNO.EIO)
  })
})

describe('createOperations at INIT', () => {
  const init = (major: number, minor: number, flags: number) => words(major, minor, 1 << 20, flags)

  it('takes of the flags those that both know', async () => {
    const answer = await testKernel(tree, inGeo).get(OPCODE.init, 0, init(7, 45, 0xffff_ffff))
    assert.deepEqual(
      [answer.readUInt32LE(0), answer.readUInt32LE(4), answer.length],
      [PROTOCOL.major, PROTOCOL.minor, 64],
    )
    assert.equal(answer.readUInt16LE(28), 256)
    assert.ok(answer.readUInt32LE(12) & INIT_FLAG.readdirplus)
    const little = await testKernel(tree, inGeo).get(OPCODE.init, 0, init(7, 31, INIT_FLAG.asyncRead))
    assert.equal(little.readUInt32LE(12), INIT_FLAG.asyncRead)
  })

  it('hands no files on when there are none, whatever the kernel can', async () => {
    const all = Buffer.concat([init(7, 45, 0xffff_ffff), words(0xffff_ffff)])
    const answer = await testKernel(tree, inGeo).get(OPCODE.init, 0, all)
    assert.equal(answer.readUInt32LE(12) & INIT_FLAG.more, 0)
    assert.deepEqual([answer.readUInt32LE(32), answer.readUInt32LE(36)], [0, 0])
    const backings = { register: () => 1, release() {} }
    const whole = { open: async () => undefined, keep: async () => true }
    const other = await testKernel({ ...tree, whole }, inGeo, backings).get(OPCODE.init, 0, all)
    assert.ok(other.readUInt32LE(12) & INIT_FLAG.more)
    assert.deepEqual([other.readUInt32LE(32), other.readUInt32LE(36)], [MORE_FLAG.passthrough, 1])
  })

  it('asks a newer kernel to begin again, and refuses one that is too old', async () => {
    const kernel = testKernel(tree, inGeo)
    assert.equal((await kernel.get(OPCODE.init, 0, init(8, 0, 0))).readUInt32LE(0), 7)
    assert.equal((await kernel.ask(OPCODE.init, 0, init(7, 12, 0))).error, ERRNO.EPROTO)
  })

  it('needs no file to be opened where the kernel can do without', async () => {
    const kernel = testKernel(tree, inGeo)
    const { node } = await kernel.lookup('a.txt')
    assert.equal((await kernel.get(OPCODE.open, node, words(0, 0))).readUInt32LE(8), 0b100010)
    await kernel.get(OPCODE.init, 0, init(7, 38, INIT_FLAG.noOpen))
    assert.equal((await kernel.ask(OPCODE.open, node, words(0, 0))).error, ERRNO.ENOSYS)
  })
})
