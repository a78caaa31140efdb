import assert from 'node:assert/strict'
import { chmodSync, existsSync, lstatSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { someOf } from '../../../test/testing/thorough.fixture.ts'
import { chunkCount, chunkLengthAt, decodeTail } from '../../core/block.ts'
import { createExtentsBuilder } from '../../core/extents.ts'
import type { BlockId } from '../../core/id.ts'
import { blockStream, decodeRecord, encodeRecord } from '../../core/record.ts'
import type { BlockRequest, MemoryHub, Tree } from './testing/memory-hub.fixture.ts'
import { createPulling } from './testing/pulling.fixture.ts'
import { file, noise, shapeOfFolder, shapeOfTree } from './testing/trees.fixture.ts'

const MIB = 1024 * 1024

const TREE: Tree = {
  'large.bin': file(noise(1, 3 * MIB)),
  'medium.bin': file(noise(2, 300_000)),
  ...Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`small/${i}`, file(noise(i + 10, 3000))])),
  'text.csv': file('one line like another\n'.repeat(60_000)),
}

/** So much that a thread writes it. */
const MUCH: Tree = {
  'large-a.bin': file(noise(3, 6 * MIB)),
  ...Object.fromEntries(Array.from({ length: 600 }, (_, i) => [`small/${i}`, file(noise(i + 10, 20_000))])),
  'large-b.bin': file(noise(4, 6 * MIB)),
}

/** Makes everything wrong that the hub sends of frames. */
function corruptAll(hub: MemoryHub): void {
  const tail = isTail(hub)
  hub.onBlock = (request, bytes) => (tail(request) ? bytes : bytes.map((byte) => byte ^ 1))
}

/** Flips one bit of what the hub sends, as often as `times` says, in answers that `matches`. */
function corrupt(hub: MemoryHub, matches: (request: BlockRequest) => boolean, times: number, at = 0.5) {
  const state = { done: 0 }
  hub.onBlock = (request, bytes) => {
    if (!matches(request) || state.done === times) return bytes
    state.done++
    bytes[Math.floor((bytes.length - 1) * at)]! ^= 4
    return bytes
  }
  return state
}

function tailOf(hub: MemoryHub, id: BlockId): Uint8Array {
  const { info, bytes } = hub.blocks.get(id)!
  return bytes.subarray(-info.tailSize)
}

function isTail(hub: MemoryHub): (request: BlockRequest) => boolean {
  return ({ block, offset }) => {
    const { info } = hub.blocks.get(block)!
    return offset === info.size - info.tailSize
  }
}

describe('pull from a hub that sends wrong bytes', () => {
  for (const at of someOf([0, 0.1, 0.35, 0.6, 0.9, 1], 3)) {
    it(`fetches a range once more when a bit is wrong at ${at} of it`, async (t) => {
      const { hub, pull } = createPulling(t)
      await hub.publish('db:latest', TREE)
      const state = corrupt(hub, (request) => !isTail(hub)(request), 1, at)
      const result = await pull('db')
      assert.equal(state.done, 1)
      assert.deepEqual(shapeOfFolder(`${result.path}/`), shapeOfTree(TREE))
      assert.ok(result.warnings.length > 0)
    })
  }

  for (const nth of someOf([0, 1, 2], 1)) {
    it(`mends what a thread writes, when answer ${nth} is wrong`, async (t) => {
      const { hub, pull } = createPulling(t)
      await hub.publish('db:latest', MUCH)
      let answers = 0
      const state = corrupt(hub, (request) => !isTail(hub)(request) && answers++ === nth, 1, 0.7)
      const result = await pull('db')
      assert.equal(state.done, 1)
      assert.equal(result.warnings.length, 1)
      assert.deepEqual(shapeOfFolder(`${result.path}/`), shapeOfTree(MUCH))
    })
  }

  it('fails with "integrity" when what a thread writes stays wrong, and goes on from there', async (t) => {
    const { hub, pull } = createPulling(t)
    await hub.publish('db:latest', MUCH)
    corruptAll(hub)
    await assert.rejects(pull('db'), { code: 'integrity' })
    hub.onBlock = (_, bytes) => bytes
    const { path } = await pull('db')
    assert.deepEqual(shapeOfFolder(`${path}/`), shapeOfTree(MUCH))
  })

  it('fails with "integrity" when frames stay wrong, and delivers nothing', async (t) => {
    const { hub, pull, target, own } = createPulling(t)
    const digest = await hub.publish('db:latest', TREE)
    corruptAll(hub)
    await assert.rejects(pull('db'), { code: 'integrity' })
    assert.equal(existsSync(join(target, 'db')), false)
    assert.equal(existsSync(own('snapshots', digest)), false)
    hub.onBlock = (_, bytes) => bytes
    const { path } = await pull('db')
    assert.deepEqual(shapeOfFolder(`${path}/`), shapeOfTree(TREE))
  })

  it('keeps the old version in place when the new one is wrong', async (t) => {
    const { hub, pull, target } = createPulling(t)
    await hub.publish('db:latest', TREE)
    await pull('db')
    await hub.publish('db:latest', { ...TREE, 'large.bin': file(noise(99, 3 * MIB)) })
    corruptAll(hub)
    await assert.rejects(pull('db'), { code: 'integrity' })
    assert.deepEqual(shapeOfFolder(`${join(target, 'db/latest')}/`), shapeOfTree(TREE))
  })

  it('fetches a tail once more, then fails', async (t) => {
    const { hub, pull } = createPulling(t)
    await hub.publish('db:latest', TREE)
    const state = corrupt(hub, isTail(hub), Number.POSITIVE_INFINITY)
    await assert.rejects(pull('db'), { code: 'integrity' })
    assert.ok(state.done >= 2)
    corrupt(hub, isTail(hub), 1)
    const result = await pull('db')
    assert.deepEqual(shapeOfFolder(`${result.path}/`), shapeOfTree(TREE))
    assert.equal(result.warnings.length, 1)
  })

  it('fetches a record once more, then fails', async (t) => {
    const { hub, pull } = createPulling(t)
    await hub.publish('db:latest', TREE)
    for (const place of [0, 7, 100, -1]) {
      const flip = (bytes: Uint8Array) =>
        Buffer.from(bytes).fill(
          (bytes.at(place) ?? 0) ^ 64,
          place < 0 ? bytes.length + place : place,
          place < 0 ? bytes.length : place + 1,
        )
      let asked = 0
      hub.onRecord = (bytes) => (++asked > 0 ? flip(bytes) : bytes)
      await assert.rejects(pull('db', { dryRun: true }), { code: 'integrity' }, `byte ${place}`)
      assert.equal(asked, 2)
    }
    let asked = 0
    hub.onRecord = (bytes) => (asked++ === 0 ? bytes.subarray(0, 50) : bytes)
    const { path } = await pull('db')
    assert.deepEqual(shapeOfFolder(`${path}/`), shapeOfTree(TREE))
  })

  it('does not take the record of another snapshot', async (t) => {
    const { hub, pull } = createPulling(t)
    await hub.publish('db:other', { a: file('a') })
    let other: Uint8Array | undefined
    hub.onRecord = (bytes) => (other = bytes)
    await pull('db:other')
    await hub.publish('db:latest', TREE)
    hub.onRecord = () => other!
    await assert.rejects(pull('db'), { code: 'integrity' })
    assert.equal(decodeRecord(other!).blocks.length, 1)
  })

  it('delivers nothing when good chunks are in the wrong order', async (t) => {
    const { hub, pull, target } = createPulling(t)
    await hub.publish('db:latest', { a: file(noise(1, 100_000)), b: file(noise(2, 100_000)), c: file(noise(3, 9)) })
    hub.onRecord = (bytes) => {
      const record = decodeRecord(bytes)
      // All chunks lie in one run, so what comes first is taken to begin one chunk later, and ends with the first.
      const builder = createExtentsBuilder()
      const index = decodeTail(tailOf(hub, record.blocks[0]!.id), record.blocks[0]!.size)
      const order = Array.from({ length: chunkCount(index) }, (_, i) => (i + 1) % chunkCount(index))
      for (const chunk of order) builder.add(0, chunk, chunkLengthAt(index, chunk))
      return encodeRecord({ ...record, content: blockStream(builder.finish()) })
    }
    await assert.rejects(pull('db'), { code: 'integrity', message: /do not make the file/ })
    assert.equal(existsSync(join(target, 'db')), false)
  })

  it('answers too short are fetched once more', async (t) => {
    const { hub, pull } = createPulling(t)
    await hub.publish('db:latest', TREE)
    let cut = 0
    hub.onBlock = (_, bytes) => (cut++ === 2 ? bytes.subarray(0, -1) : bytes)
    const { path } = await pull('db')
    assert.deepEqual(shapeOfFolder(`${path}/`), shapeOfTree(TREE))
  })
})

describe('pull with an old version that was changed by hand', () => {
  function change(path: string, at: number, { keepTime }: { keepTime: boolean }): void {
    const stat = lstatSync(path)
    const bytes = readFileSync(path)
    bytes[at]! ^= 1
    chmodSync(path, 0o644)
    writeFileSync(path, bytes)
    chmodSync(path, stat.mode)
    if (keepTime) utimesSync(path, stat.mtimeMs / 1000, stat.mtimeMs / 1000)
  }

  it('does not link the changed file', async (t) => {
    const { hub, pull } = createPulling(t)
    await hub.publish('db:latest', TREE)
    const { path } = await pull('db')
    change(join(path, 'large.bin'), MIB, { keepTime: false })
    change(join(path, 'small/7'), 7, { keepTime: false })
    const second = { ...TREE, more: file('more') }
    await hub.publish('db:latest', second)
    const result = await pull('db')
    assert.deepEqual(shapeOfFolder(`${result.path}/`), shapeOfTree(second))
    assert.ok(result.warnings.some((text) => text.includes('large.bin')))
    assert.ok(result.warnings.some((text) => text.includes('small/7')))
    assert.equal(result.linkedFiles, Object.keys(TREE).length - 2)
  })

  it('links a file that was only touched', async (t) => {
    const { hub, pull } = createPulling(t)
    await hub.publish('db:latest', TREE)
    const { path } = await pull('db')
    utimesSync(join(path, 'large.bin'), 5, 5)
    await hub.publish('db:latest', { ...TREE, more: file('more') })
    const result = await pull('db')
    assert.deepEqual([result.linkedFiles, result.warnings], [Object.keys(TREE).length, []])
  })

  it('does not use changed chunks, even when size and time were forged', async (t) => {
    const { hub, pull } = createPulling(t)
    const old = noise(1, 3 * MIB)
    await hub.publish('db:latest', { large: file(old), s1: file(noise(5, 20_000)), s2: file(noise(6, 20_000)) })
    const { path } = await pull('db')
    change(join(path, 'large'), 1_000_000, { keepTime: true })
    change(join(path, 's2'), 10_000, { keepTime: true })
    const s1 = Buffer.from(noise(5, 20_000))
    const second: Tree = {
      large: file(Buffer.concat([old, noise(8, 5)])),
      s1: file(s1),
      s2: file(noise(6, 20_000), { executable: true }),
    }
    await hub.publish('db:latest', second)
    // s2 is to be copied, and a copy of what size and time vouch for is not hashed; so it is changed in time, too.
    utimesSync(join(path, 's2'), 1, 1)
    const result = await pull('db')
    assert.deepEqual(shapeOfFolder(`${result.path}/`), shapeOfTree(second))
    assert.ok(result.warnings.some((text) => text.includes('large')))
  })

  it('does without files of an old version that are gone', async (t) => {
    const { hub, pull, own } = createPulling(t)
    const digest = await hub.publish('db:latest', TREE)
    await pull('db')
    rmSync(own('snapshots', digest, 'large.bin'))
    rmSync(own('snapshots', digest, 'small'), { recursive: true })
    const second = { ...TREE, 'large.bin': file(Buffer.concat([noise(1, 3 * MIB), noise(8, 5)])) }
    await hub.publish('db:latest', second)
    const result = await pull('db')
    assert.deepEqual(shapeOfFolder(`${result.path}/`), shapeOfTree(second))
  })
})
