import assert from 'node:assert/strict'
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { someOf } from '../../../test/testing/thorough.fixture.ts'
import type { AetherError } from '../../core/errors.ts'
import type { Tree } from './testing/memory-hub.fixture.ts'
import { createPulling } from './testing/pulling.fixture.ts'
import { file, noise, shapeOfFolder, shapeOfTree, temporaryFolder } from './testing/trees.fixture.ts'

const MIB = 1024 * 1024

const TREE: Tree = {
  'a/large.bin': file(noise(1, 12 * MIB)),
  ...Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`b/${i}`, file(noise(i + 10, 500 * (i % 90)))])),
  'c/empty': { kind: 'folder' },
  'c/link': { kind: 'link', target: '../a/large.bin' },
  'd.bin': file(noise(2, 9 * MIB), { executable: true }),
}
const SIZE = Object.values(TREE).reduce((sum, entry) => sum + (entry.kind === 'file' ? entry.bytes.length : 0), 0)

/** Numbers from 0 to 1 that are the same in every run. */
function* fractions(seed: number): Generator<number> {
  for (let i = 0; ; i++) yield noise(seed * 1000 + i, 4).readUInt32LE() / 2 ** 32
}

function bytesBelow(folder: string): number {
  const entries = existsSync(folder) ? readdirSync(folder, { recursive: true, withFileTypes: true }) : []
  const files = entries.filter((entry) => entry.isFile())
  return files.reduce((sum, entry) => sum + lstatSync(join(entry.parentPath, entry.name)).size, 0)
}

describe('a pull after one that was interrupted', () => {
  for (const seed of someOf([1, 2, 3, 4, 5, 6, 7, 8], 2)) {
    it(`does not fetch again what was complete (aborted at random points, seed ${seed})`, async (t) => {
      const { hub, pull, own, sentBytes } = createPulling(t)
      const digest = await hub.publish('db:latest', TREE)
      const random = fractions(seed)
      for (let run = 0, kept = 0; ; run++) {
        const abort = new AbortController()
        const point = random.next().value! * 12 * MIB
        let arrived = 0
        hub.onBlock = async (_, bytes) => {
          for (let i = 0; i < 5; i++) await setImmediate() // so that the writing keeps up with what arrives
          arrived += bytes.length
          if (arrived > point && run < 4) abort.abort()
          return bytes
        }
        const ended = await pull('db', { signal: abort.signal, concurrency: 2 }).catch((error: AetherError) => error)
        const sent = sentBytes()
        // Small files at the edge of what was there share a chunk with those behind it.
        assert.ok(sent < SIZE - kept + MIB, `run ${run} sent ${sent} bytes, though of ${SIZE} there were ${kept}`)
        if (!(ended instanceof Error)) {
          assert.deepEqual(shapeOfFolder(`${ended.path}/`), shapeOfTree(TREE))
          return
        }
        if (ended.code !== 'cancelled') throw ended
        const now = bytesBelow(own('incoming', digest))
        assert.ok(now >= kept)
        kept = now
      }
    })
  }

  it('goes on inside a large file, at the first chunk that is missing or wrong', async (t) => {
    const { hub, pull, own, sentBytes } = createPulling(t)
    const digest = await hub.publish('db:latest', TREE)
    const whole = join(temporaryFolder(t), 'whole')
    await pull('db', { output: whole })
    sentBytes()
    const incoming = own('incoming', digest)
    mkdirSync(own('incoming'), { recursive: true })
    cpSync(whole, incoming, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true })
    chmodSync(join(incoming, 'a/large.bin'), 0o644)
    truncateSync(join(incoming, 'a/large.bin'), 8 * MIB + 5)
    chmodSync(join(incoming, 'a/large.bin'), 0o444)
    const result = await pull('db')
    assert.deepEqual(shapeOfFolder(`${result.path}/`), shapeOfTree(TREE))
    const sent = sentBytes()
    assert.ok(sent > 4 * MIB - 5 && sent < 4.6 * MIB, `${sent} bytes`)
    assert.ok(result.reusedBytes > SIZE - 4.6 * MIB)
  })

  it('takes nothing in the folder on trust', async (t) => {
    const { hub, pull, own, target } = createPulling(t)
    const elsewhere = temporaryFolder(t)
    const digest = await hub.publish('db:latest', TREE)
    const incoming = own('incoming', digest)
    mkdirSync(join(incoming, 'a/large.bin'), { recursive: true }) // a folder in the place of a file
    symlinkSync(elsewhere, join(incoming, 'b')) // a link in the place of a folder
    writeFileSync(join(incoming, 'c'), 'a file in the place of a folder')
    writeFileSync(join(incoming, 'd.bin'), noise(3, 9 * MIB)) // right size, wrong bytes
    mkdirSync(join(incoming, 'stray/deep'), { recursive: true })
    writeFileSync(join(incoming, 'stray/deep/file'), 'x')
    const { path } = await pull('db')
    assert.deepEqual(shapeOfFolder(`${path}/`), shapeOfTree(TREE))
    assert.deepEqual(readdirSync(elsewhere), [])
    assert.deepEqual(readdirSync(join(target, '.aetherfs/incoming')), [])
  })

  it('puts modes and times right of files that were complete but for these', async (t) => {
    const { hub, pull, own, sentBytes } = createPulling(t)
    const digest = await hub.publish('db:latest', TREE)
    const whole = join(temporaryFolder(t), 'whole')
    await pull('db', { output: whole })
    sentBytes()
    mkdirSync(own('incoming'), { recursive: true })
    cpSync(whole, own('incoming', digest), { recursive: true, verbatimSymlinks: true })
    for (const name of ['a/large.bin', 'b/7', 'd.bin']) {
      chmodSync(own('incoming', digest, name), 0o600)
      utimesSync(own('incoming', digest, name), 1, 1)
    }
    const { path } = await pull('db')
    assert.deepEqual(shapeOfFolder(`${path}/`), shapeOfTree(TREE))
    assert.equal(sentBytes() < 100_000, true) // tails
  })

  it('clears away what was begun for the same link when that has moved on', async (t) => {
    const { hub, pull, own } = createPulling(t)
    await hub.publish('db:latest', TREE)
    await hub.publish('db:other', { ...TREE, x: file('x') })
    const abort = new AbortController()
    hub.onBlock = (request, bytes) => {
      if (request.length > MIB) abort.abort()
      return bytes
    }
    await assert.rejects(pull('db', { signal: abort.signal }), { code: 'cancelled' })
    await assert.rejects(pull('db:other', { signal: AbortSignal.abort() }), { code: 'cancelled' })
    hub.onBlock = (_, bytes) => bytes
    assert.equal(readdirSync(own('incoming')).length, 2)
    const newer = await hub.publish('db:latest', { y: file('y') })
    await pull('db')
    assert.deepEqual(readdirSync(own('incoming')), [])
    assert.deepEqual(readdirSync(own('snapshots')), [newer])
    assert.deepEqual(readdirSync(own('trash')), [])
  })

  it('also when a loss of power has cut the note short that says for which link', async (t) => {
    const { hub, pull, own } = createPulling(t)
    await hub.publish('db:latest', TREE)
    mkdirSync(own('incoming', '0'.repeat(64)), { recursive: true })
    writeFileSync(own('incoming', `${'0'.repeat(64)}.link`), '')
    await pull('db')
    assert.deepEqual(readdirSync(own('incoming')), [])
  })

  it('cleans up, though the link points to the version already', async (t) => {
    const { hub, pull, own } = createPulling(t)
    const older = await hub.publish('db:latest', TREE)
    await pull('db')
    const digest = await hub.publish('db:latest', { ...TREE, x: file('x') })
    await pull('db', { keep: 1 })
    mkdirSync(own('trash', 'half/removed'), { recursive: true })
    assert.equal((await pull('db', { keep: 0 })).unchanged, true)
    writeFileSync(own('incoming', `${digest}.link`), 'db/latest\n') // as it is until all is done
    assert.equal((await pull('db', { keep: 0 })).unchanged, false)
    assert.deepEqual(readdirSync(own('trash')), [])
    assert.deepEqual(readdirSync(own('snapshots')), [digest])
    assert.ok(!existsSync(own('records', older)))
    assert.equal((await pull('db', { keep: 0 })).unchanged, true)
  })

  it('rebuilds a version whose folder was removed by hand', async (t) => {
    const { hub, pull, own } = createPulling(t)
    const digest = await hub.publish('db:latest', TREE)
    await pull('db')
    rmSync(own('snapshots', digest), { recursive: true })
    const result = await pull('db')
    assert.equal(result.unchanged, false)
    assert.deepEqual(shapeOfFolder(`${result.path}/`), shapeOfTree(TREE))
  })
})
