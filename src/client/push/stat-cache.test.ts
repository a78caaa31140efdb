import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import fc from 'fast-check'
import { type ChunkId, type Digest, sha256Hex } from '../../core/id.ts'
import type { SourceEntry } from '../../dataset/source.ts'
import {
  type CachedPush,
  cacheLine,
  readStatCache,
  statCachePath,
  unchangedHash,
  writeStatCache,
} from './stat-cache.ts'

const folder = mkdtempSync(join(tmpdir(), 'stat-cache-'))
after(() => rmSync(folder, { recursive: true }))

const entry = (path: string, size = 5): SourceEntry =>
  ({
    kind: 'file',
    path,
    executable: false,
    size,
    target: '',
    modifiedMicros: 7,
    stamp: `stamp of ${path}`,
    identity: '',
  }) as SourceEntry

function pushOf(entries: SourceEntry[], chunks: number): CachedPush {
  return {
    digest: sha256Hex('digest') as Digest,
    entries: new Map(
      entries.map((e) => [e.path, { line: cacheLine(e), stamp: e.stamp, hash: sha256Hex(e.path), size: e.size }]),
    ),
    chunks: {
      ids: Array.from({ length: chunks }, (_, i) => sha256Hex(`${i}`) as ChunkId),
      lengths: Uint32Array.from({ length: chunks }, (_, i) => i + 1),
      final: Uint8Array.from({ length: chunks }, (_, i) => i % 2),
    },
    pushed: { 'host/geo': sha256Hex('digest') },
  }
}

describe('stat cache', () => {
  const path = statCachePath(folder, 'somewhere')

  it('reads back what it wrote', async () => {
    const name = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
      .filter((s) => !s.includes('\0') && s.isWellFormed())
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(name, { maxLength: 20 }), fc.nat(9), async (names, chunks) => {
        const push = pushOf(
          names.map((n, i) => entry(n, i)),
          chunks,
        )
        await writeStatCache(path, push)
        assert.deepEqual(await readStatCache(path), push)
      }),
      { numRuns: 50 },
    )
  })

  it('keeps entries apart whose stamp or hash is empty: empty files, folders, links, and what was just written', async () => {
    const push = pushOf([], 2)
    const fields = ['', 'x']
    let n = 0
    for (const stamp of fields) {
      for (const hash of fields.map((text) => text && sha256Hex(text))) {
        const drafts = [
          entry(`f${n++}`, 0),
          { ...entry(`d${n++}`), kind: 'folder' as const },
          { ...entry(`l${n++}`), kind: 'link' as const, target: 'b b 1' },
        ]
        for (const draft of drafts)
          push.entries.set(draft.path, { line: cacheLine(draft), stamp, hash, size: draft.size })
      }
    }
    await writeStatCache(path, push)
    assert.deepEqual(await readStatCache(path), push)
  })

  it('is as if it were not there when it is damaged or cut short', async () => {
    await writeStatCache(path, pushOf([entry('a')], 3))
    const good = readFileSync(path)
    for (const length of [0, 10, good.length - 1]) {
      writeFileSync(path, good.subarray(0, length))
      assert.equal(await readStatCache(path), undefined)
    }
    good[40] = good[40]! ^ 1
    writeFileSync(path, good)
    assert.equal(await readStatCache(path), undefined)
    assert.equal(await readStatCache(`${path}.absent`), undefined)
  })
})

describe('unchangedHash', () => {
  const cached = pushOf([entry('a')], 1)
  const cases: [string, Partial<SourceEntry>, boolean][] = [
    ['nothing', {}, true],
    ['the stamp', { stamp: 'other' }, false],
    ['a stamp that cannot be trusted', { stamp: '' }, false],
    ['the size', { size: 6 }, false],
    ['the executable bit', { executable: true }, false],
    ['the time', { modifiedMicros: 8 }, false],
    ['the kind', { kind: 'link', target: 'b' }, false],
  ]
  for (const [what, change, same] of cases) {
    it(`${same ? 'knows' : 'forgets'} the hash when ${what} changed`, () => {
      assert.equal(unchangedHash(cached, { ...entry('a'), ...change }), same ? sha256Hex('a') : undefined)
    })
  }
  it('knows nothing of other files, or without a cache', () => {
    assert.equal(unchangedHash(cached, entry('b')), undefined)
    assert.equal(unchangedHash(undefined, entry('a')), undefined)
  })
})
