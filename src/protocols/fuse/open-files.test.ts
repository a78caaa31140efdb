import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { AetherError } from '../../core/errors.ts'
import type { DatasetName } from '../../core/names.ts'
import { sampleBytes } from '../../core/sample.fixture.ts'
import type { Place, ReadableTree, WholeFiles } from '../../dataset/tree/readable-tree.ts'
import { buildSnapshot } from '../../hub/snapshot.fixture.ts'
import { INIT_FLAG, MORE_FLAG, OPCODE, OPEN_FLAG, PROTOCOL, ROOT_ID } from './constants.ts'
import { hubWith, type TestKernel, testKernel, words } from './kernel.fixture.ts'
import type { BackingFiles } from './open-files.ts'

const size = 3 * 1024 * 1024
const one = await buildSnapshot({ 'big.bin': sampleBytes(size, 'big'), small: 'small' })
const { hub, tree } = await hubWith([one, 'geo', 'v1'])
after(() => hub.close())
const root: Place = {
  level: 'snapshot',
  dataset: 'geo' as DatasetName,
  digest: one.record.digest,
  index: 0,
  depth: 0,
}

interface Opening {
  flags: number
  backing: number
}

interface World {
  kernel: TestKernel
  open(node: number): Promise<Opening>
  release(node: number): Promise<unknown>
  /** Files that the kernel has been given and has not let go. */
  registered: Set<number>
  /** How many whole files are open in this process. */
  handles: number
  /** Files that were to be kept. */
  kept: number
  /** What becomes of a file that is wanted whole. */
  answer: () => Promise<'a file' | undefined>
}

/** A kernel that can be given files, and a tree whose whole files are as the test says. */
async function newWorld({ refuses = false, passes = true } = {}): Promise<World> {
  const world = { registered: new Set<number>(), handles: 0, kept: 0, answer: async () => 'a file' } as unknown as World
  let last = 0
  const backings: BackingFiles = {
    register() {
      if (refuses) return undefined
      world.registered.add(++last)
      return last
    },
    release: (id) => assert.ok(world.registered.delete(id)),
  }
  const whole = {
    open: async () => {
      if ((await world.answer()) === undefined) return undefined
      world.handles++
      return { fd: 99, close: () => void world.handles-- }
    },
    keep: async () => {
      world.kept++
      throw new AetherError('no-space', 'There is no room')
    },
  } as unknown as WholeFiles
  const kernel = testKernel({ ...tree, whole } as ReadableTree, root, backings)
  const more = passes ? MORE_FLAG.passthrough : 0
  const init = words(PROTOCOL.major, PROTOCOL.minor, 0, INIT_FLAG.more | INIT_FLAG.noOpen, more)
  await kernel.get(OPCODE.init, ROOT_ID, init)
  return Object.assign(world, {
    kernel,
    async open(node: number) {
      const bytes = await kernel.get(OPCODE.open, node, words(0, 0))
      return { flags: bytes.readUInt32LE(8), backing: bytes.readInt32LE(12) }
    },
    release: (node: number) => kernel.get(OPCODE.release, node, words(0n, 0, 0, 0n)),
  })
}

describe('createOpenFiles', () => {
  it('gives the kernel one file for all who have it open, and takes it back from the last of them', async () => {
    const world = await newWorld()
    const { node } = await world.kernel.lookup('big.bin')
    const opened = await Promise.all([world.open(node), world.open(node), world.open(node)])
    for (const { flags, backing } of opened)
      assert.deepEqual([flags, backing], [OPEN_FLAG.passthrough | OPEN_FLAG.noFlush, 1])
    for (let left = 2; left >= 0; left--) {
      await world.release(node)
      assert.equal(world.registered.size, left === 0 ? 0 : 1)
    }
    assert.equal((await world.open(node)).backing, 2)
    assert.equal(world.handles, 0)
  })

  it('does not change how a file is read as long as somebody has it open', async () => {
    const world = await newWorld()
    const { node } = await world.kernel.lookup('big.bin')
    world.answer = async () => undefined
    assert.deepEqual(await world.open(node), { flags: OPEN_FLAG.keepCache | OPEN_FLAG.noFlush, backing: 0 })
    world.answer = async () => 'a file'
    assert.equal((await world.open(node)).backing, 0)
    for (let i = 0; i < 2; i++) await world.release(node)
    assert.equal((await world.open(node)).backing, 1)
  })

  it('does not wait long for a check, and closes what comes too late', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const world = await newWorld()
    const { node } = await world.kernel.lookup('big.bin')
    const late = Promise.withResolvers<'a file'>()
    const asked = Promise.withResolvers<void>()
    world.answer = () => {
      asked.resolve()
      return late.promise
    }
    const opening = world.open(node)
    await asked.promise
    t.mock.timers.tick(2000)
    assert.equal((await opening).backing, 0)
    late.resolve('a file')
    await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual([world.handles, world.registered.size], [0, 0])
  })

  it('reads as ever what cannot be checked, and asks for no small files', async () => {
    const world = await newWorld()
    const [{ node: big }, { node: small }] = [await world.kernel.lookup('big.bin'), await world.kernel.lookup('small')]
    world.answer = async () => Promise.reject(new AetherError('unavailable', 'The hub is away'))
    assert.equal((await world.open(big)).backing, 0)
    world.answer = () => Promise.reject(new Error('It was asked for'))
    assert.equal((await world.open(small)).backing, 0)
    assert.equal((await world.kernel.read(small, 0, 100)).toString(), 'small')
    assert.deepEqual(world.kernel.failures, [])
  })

  it('gives back what the kernel did not take', async () => {
    const world = await newWorld()
    const { node } = await world.kernel.lookup('big.bin')
    const { undo } = await world.kernel.ask(OPCODE.open, node, words(0, 0))
    assert.equal(world.registered.size, 1)
    undo?.()
    assert.equal(world.registered.size, 0)
  })

  it('keeps a file whole once as much of it was read as it has, and goes on when that fails', async () => {
    const world = await newWorld()
    const { node } = await world.kernel.lookup('big.bin')
    world.answer = async () => undefined
    await world.open(node)
    const step = 1024 * 1024
    for (let at = 0; at < size; at += step) {
      assert.equal(world.kept, 0)
      await world.kernel.read(node, at, step)
    }
    await world.kernel.read(node, 0, step)
    assert.equal(world.kept, 1)
    assert.deepEqual(
      world.kernel.failures.map(({ message }) => message),
      ['There is no room'],
    )
  })

  it('leaves it when the kernel does not take such files', async () => {
    const world = await newWorld({ refuses: true })
    const { node } = await world.kernel.lookup('big.bin')
    assert.equal((await world.open(node)).backing, 0)
    await world.release(node)
    world.answer = () => Promise.reject(new Error('It was asked for'))
    assert.equal((await world.open(node)).backing, 0)
    await world.kernel.read(node, 0, 1 << 20)
    await world.kernel.read(node, 1 << 20, 1 << 20)
    await world.kernel.read(node, 2 << 20, 1 << 20)
    assert.equal(world.kept, 0)
  })

  it('is not asked by a kernel that cannot: files need not be opened then', async () => {
    const world = await newWorld({ passes: false })
    const { node } = await world.kernel.lookup('big.bin')
    const { error } = await world.kernel.ask(OPCODE.open, node, words(0, 0))
    assert.equal(error, 38)
  })
})
