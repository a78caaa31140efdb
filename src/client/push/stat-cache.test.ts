import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import fc from 'fast-check'
import { type ChunkId, type Digest, ID_BYTES, sha256Hex } from '../../core/id.ts'
import { createChunkList } from '../../dataset/chunk-list.ts'
import { createEntryTable, type EntryTable } from '../../dataset/entry-table.ts'
import { createKnownFiles, knowAsPushed } from './known-files.ts'
import { readStatCache, type StatCache, statCachePath, writeStatCache } from './stat-cache.ts'

const folder = mkdtempSync(join(tmpdir(), 'stat-cache-'))
after(() => rmSync(folder, { recursive: true }))

const draft = { executable: false, target: '', modifiedMicros: 7, stamp: 'x', settled: true, location: 0 }

/** A push of so many files, some of them empty, and so many chunks. */
function pushOf(files: number, count: number): { cache: StatCache; entries: EntryTable } {
  const table = createEntryTable()
  const known = createKnownFiles(files)
  for (let i = 0; i < files; i++) {
    table.add({ ...draft, kind: 'file', path: `${1000 + i}`, size: i % 3 })
    if (i % 3 > 0) known.hashes.write(sha256Hex(`${i}`), i * ID_BYTES, 'hex')
  }
  const entries = table.finish('as added')
  knowAsPushed(known, entries)
  const chunks = createChunkList()
  for (let i = 0; i < count; i++) chunks.add(i >> 1, sha256Hex(`${i}`) as ChunkId, i + 1)
  const digest = sha256Hex('digest') as Digest
  return { cache: { last: { digest, chunks: chunks.finish(), pushed: { 'host/geo': digest } }, known }, entries }
}

describe('stat cache', () => {
  const path = statCachePath(folder, 'somewhere')
  const { cache, entries } = pushOf(5, 3)

  it('reads back what it wrote', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.nat(9), fc.nat(9000)), fc.nat(9), async (files, chunks) => {
        const { cache, entries } = pushOf(files, chunks)
        await writeStatCache(path, cache, entries)
        assert.deepEqual(await readStatCache(path, entries), cache)
      }),
      { numRuns: 30 },
    )
  })

  it('is as if it were not there when it is damaged or cut short', async () => {
    await writeStatCache(path, cache, entries)
    const good = readFileSync(path)
    for (let length = 0; length < good.length; length++) {
      writeFileSync(path, good.subarray(0, length))
      assert.equal(await readStatCache(path, entries), undefined)
    }
    for (let at = 0; at < good.length; at += 7) {
      const bad = Buffer.from(good)
      bad[at] = bad[at]! ^ 1
      writeFileSync(path, bad)
      assert.equal(await readStatCache(path, entries), undefined)
    }
    assert.equal(await readStatCache(`${path}.absent`, entries), undefined)
  })

  it('is as if it were not there when it says what cannot be, or is of another version', async () => {
    await writeStatCache(path, cache, entries)
    const good = readFileSync(path).subarray(0, -32)
    for (const [from, to] of [
      ['"chunks":3', '"chunks":9'],
      ['"chunks":3', '"chunks":{'],
      ['"chunks":3', '"chunkz":3'],
      ['stat cache 3', 'stat cache 2'],
    ] as const) {
      const bad = Buffer.from(good)
      bad.write(to, bad.indexOf(from))
      writeFileSync(path, Buffer.concat([bad, Buffer.from(sha256Hex(bad), 'hex')]))
      assert.equal(await readStatCache(path, entries), undefined, to)
    }
  })
})
