import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import type { Digest } from '../../core/id.ts'
import { decodeKeptRecord, encodeKeptRecord, readAbout, readKeptRecord } from './kept-record.ts'
import { layoutOf, versionKey } from './target-layout.ts'
import type { Tree } from './testing/memory-hub.fixture.ts'
import { createPulling } from './testing/pulling.fixture.ts'
import { file } from './testing/trees.fixture.ts'

const TREE: Tree = Object.fromEntries(
  Array.from({ length: 20 }, (_, i) => [`f${i}`, file(`${i}`, { micros: i * 1001 })]),
)

describe('kept record', () => {
  it('says what was put on disk and where it came from', async (t) => {
    const { hub, pull, target } = createPulling(t)
    const digest = await hub.publish('db:latest', TREE)
    await pull('db', { exclude: ['f1*'] })
    const key = versionKey(digest, '')
    const layout = layoutOf(target)
    assert.equal(await readKeptRecord(layout, key), undefined)
    await pull('db')
    const kept = (await readKeptRecord(layout, key))!
    assert.deepEqual(kept.about, { host: 'memory.test', dataset: 'db', include: [], exclude: [], files: 20, bytes: 30 })
    assert.deepEqual(readAbout(layout, key), kept.about)
    assert.deepEqual(kept.onDisk, new Uint8Array(20).fill(1))
    const { path } = kept.entries[7]!
    assert.equal(kept.diskMicros[7], (TREE[path] as { micros: number }).micros)
  })

  it('is refused when a byte of it is wrong, missing or too many, or when it is that of another version', async (t) => {
    const { hub, pull, own } = createPulling(t)
    const digest = await hub.publish('db:latest', TREE)
    await pull('db')
    const key = versionKey(digest, '')
    const bytes = readFileSync(own('records', key))
    assert.equal(decodeKeptRecord(bytes, key).entries.length, 20)
    for (let i = 0; i < bytes.length; i += 7) {
      const wrong = Buffer.from(bytes)
      wrong[i]! ^= 16
      assert.throws(() => decodeKeptRecord(wrong, key), { code: 'invalid' })
      assert.throws(() => decodeKeptRecord(bytes.subarray(0, i), key))
    }
    assert.throws(() => decodeKeptRecord(Buffer.concat([bytes, Buffer.alloc(1)]), key), { code: 'invalid' })
    assert.throws(() => decodeKeptRecord(bytes, versionKey('0'.repeat(64) as Digest, '')), { code: 'invalid' })
  })

  it('keeps which entries are there, one bit each', async (t) => {
    const { hub, pull, own } = createPulling(t)
    const digest = await hub.publish('db:latest', TREE)
    await pull('db')
    const key = versionKey(digest, '')
    const whole = decodeKeptRecord(readFileSync(own('records', key)), key)
    const onDisk = Uint8Array.from(whole.entries, (_, i) => Number(i % 3 === 0))
    const encoded = readFileSync(own('records', key))
    const record = encoded.subarray(9 + encoded.readUInt32LE(5) + 4)
    const again = encodeKeptRecord({
      about: whole.about,
      encoded: record.subarray(0, encoded.readUInt32LE(9 + encoded.readUInt32LE(5))),
      listingText: listingOf(encoded),
      diskMicros: whole.diskMicros,
      micros: whole.diskMicros,
      onDisk,
    })
    assert.deepEqual(decodeKeptRecord(Buffer.concat(again), key).onDisk, onDisk)
  })
})

/** The third section. */
function listingOf(bytes: Buffer): Uint8Array {
  let at = 5
  for (let section = 0; section < 2; section++) at += 4 + bytes.readUInt32LE(at)
  return bytes.subarray(at + 4, at + 4 + bytes.readUInt32LE(at))
}
