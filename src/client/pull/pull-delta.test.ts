import assert from 'node:assert/strict'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { someOf, times } from '../../../test/testing/thorough.fixture.ts'
import { AetherError } from '../../core/errors.ts'
import { anyTree, treeOf } from './testing/any-tree.fixture.ts'
import type { Tree } from './testing/memory-hub.fixture.ts'
import { createPulling } from './testing/pulling.fixture.ts'
import { file, noise, shapeOfFolder, shapeOfTree } from './testing/trees.fixture.ts'
import { verifyFolder } from './verify-folder.ts'

const MIB = 1024 * 1024

const FIRST: Tree = {
  'data/big.bin': file(noise(1, 3 * MIB)),
  'data/other.bin': file(noise(3, 2 * MIB)),
  'data/run.sh': file('#!/bin/sh\n', { executable: true }),
  'notes/a b\nc\\d.txt': file('odd name'),
  'notes/to-big': { kind: 'link', target: '../data/big.bin' },
}

/** One byte of the one large file changed, seven in front of the other, a small file new. */
function secondOf(first: Tree): Tree {
  const [big, other] = ['data/big.bin', 'data/other.bin'].map((path) =>
    Buffer.from((first[path] as { bytes: Uint8Array }).bytes),
  ) as [Buffer, Buffer]
  big[MIB]! ^= 1
  return {
    ...first,
    'data/big.bin': file(big),
    'data/other.bin': file(Buffer.concat([Buffer.from('inserts'), other])),
    'notes/new': file('new'),
  }
}

const SECOND = secondOf(FIRST)

describe('pull by delta', () => {
  it('moves what changed, and gives the same as by chunks', async (t) => {
    const { hub, pull, target, sentBytes } = createPulling(t)
    await hub.publish('db:latest', FIRST)
    await pull('db')
    hub.offersDeltas = true
    await hub.publish('db:latest', SECOND)
    sentBytes()
    const result = await pull('db')
    assert.deepEqual(shapeOfFolder(`${result.path}/`, false), shapeOfTree(SECOND, false))
    assert.ok(result.deltaBytes > 0 && result.deltaBytes < 4096, `${result.deltaBytes} bytes`)
    assert.equal(sentBytes(), 0, 'no part of a block was asked for')
    assert.equal(result.bytes - result.reusedBytes, 1 + 7 + 3, 'what is new')
    assert.deepEqual(result.warnings, [])
    assert.equal((await verifyFolder(join(target, 'db'))).ok, true)
  })

  it('says beforehand what it would move', async (t) => {
    const { hub, pull } = createPulling(t)
    await hub.publish('db:latest', FIRST)
    await pull('db')
    hub.offersDeltas = true
    await hub.publish('db:latest', SECOND)
    const planned = await pull('db', { dryRun: true })
    const done = await pull('db')
    assert.equal(planned.deltaBytes, done.deltaBytes)
    assert.ok(planned.downloadedBytes <= done.downloadedBytes)
  })

  it('asks for none when it is told not to', async (t) => {
    const { hub, pull } = createPulling(t)
    hub.offersDeltas = true
    await hub.publish('db:latest', FIRST)
    await pull('db')
    await hub.publish('db:latest', SECOND)
    const result = await pull('db', { deltas: false })
    assert.deepEqual(shapeOfFolder(`${result.path}/`, false), shapeOfTree(SECOND, false))
    assert.equal(result.deltaBytes, 0)
    assert.ok(result.blockRequests > 0)
  })

  it('goes from version to version, each on top of what a delta has built', async (t) => {
    const { hub, pull } = createPulling(t)
    hub.offersDeltas = true
    let version = FIRST
    for (let i = 0; i < 4; i++, version = secondOf(version)) {
      await hub.publish('db:latest', version)
      const result = await pull('db')
      assert.deepEqual(shapeOfFolder(`${result.path}/`, false), shapeOfTree(version, false))
      assert.equal(result.deltaBytes > 0, i > 0)
    }
  })

  it('gives the same tree for any versions', async (t) => {
    let run = 0
    const law = fc.asyncProperty(fc.array(anyTree, { minLength: 2, maxLength: 3 }), async (versions) => {
      const { hub, pull } = createPulling(t)
      hub.offersDeltas = true
      const name = `run${run++}`
      for (const version of versions.map(treeOf)) {
        await hub.publish(`${name}:latest`, version)
        const result = await pull(name)
        assert.deepEqual(shapeOfFolder(`${result.path}/`, false), shapeOfTree(version, false))
        assert.deepEqual(result.warnings, [])
      }
    })
    await fc.assert(law, { numRuns: times(40, 8), ...(process.env.SEED && { seed: Number(process.env.SEED) }) })
  })

  it('falls back to chunks, and says so, where the older version was changed by hand', async (t) => {
    const { hub, pull } = createPulling(t)
    await hub.publish('db:latest', FIRST)
    const first = await pull('db')
    const path = join(first.path, 'data/big.bin')
    const bytes = readFileSync(path)
    bytes[10]! ^= 1
    chmodSync(path, 0o644)
    writeFileSync(path, bytes)
    hub.offersDeltas = true
    await hub.publish('db:latest', SECOND)
    const result = await pull('db')
    assert.deepEqual(shapeOfFolder(`${result.path}/`, false), shapeOfTree(SECOND, false))
    assert.match(result.warnings.join('\n'), /could not be used/)
  })

  it('falls back to chunks whatever bit of the delta is flipped', async (t) => {
    const { hub, pull } = createPulling(t)
    hub.offersDeltas = true
    await hub.publish('db:v1', FIRST)
    await hub.publish('db:v2', SECOND)
    await pull('db:v1')
    const { deltaBytes } = await pull('db:v2', { dryRun: true })
    const places = [0, 6, 40, 75, 100, 0.3 * deltaBytes, 0.6 * deltaBytes, deltaBytes - 40, deltaBytes - 1]
    for (const at of someOf(places, 2)) {
      hub.onDelta = (delta) => {
        delta[Math.floor(at)]! ^= 4
        return delta
      }
      const again = createPulling(t)
      const connection = hub.connection
      await again.pull('db:v1', { connection })
      const result = await again.pull('db:v2', { connection })
      assert.deepEqual(shapeOfFolder(`${result.path}/`, false), shapeOfTree(SECOND, false))
      assert.match(result.warnings.join('\n'), /could not be used/, `byte ${at}`)
    }
  })

  it('goes on after a delta that broke off, and after a disk that was full', async (t) => {
    const { hub, pull } = createPulling(t)
    await hub.publish('db:latest', FIRST)
    const first = await pull('db')
    hub.offersDeltas = true
    await hub.publish('db:latest', SECOND)
    const full = () => ({ bavail: 0, bsize: 4096 })
    await assert.rejects(pull('db', { statfs: full }), { code: 'no-space' })
    assert.deepEqual(shapeOfFolder(`${first.path}/`), shapeOfTree(FIRST))
    const { readDelta } = hub.connection
    hub.connection.readDelta = async (dataset, to, from, range) => {
      if (range.offset > 0) throw new AetherError('unavailable', 'It broke off')
      return { ...(await readDelta(dataset, to, from, { offset: 0, length: 200 })) }
    }
    const result = await pull('db')
    assert.deepEqual(shapeOfFolder(`${result.path}/`, false), shapeOfTree(SECOND, false))
    assert.match(result.warnings.join('\n'), /broke off/)
  })

  it('takes chunks where a delta would be larger, and where only a part of the older version is there', async (t) => {
    const { hub, pull, sentBytes } = createPulling(t)
    hub.offersDeltas = true
    await hub.publish('db:latest', FIRST)
    await hub.publish('part:latest', FIRST)
    await pull('db')
    await hub.publish('db:latest', { ...FIRST, 'data/big.bin': file(noise(9, 3 * MIB)) })
    hub.onDelta = (delta) => Buffer.concat([delta, Buffer.alloc(4 * MIB)])
    sentBytes()
    assert.deepEqual((await pull('db')).warnings, [])
    assert.ok(sentBytes() > 2 * MIB)
  })
})
