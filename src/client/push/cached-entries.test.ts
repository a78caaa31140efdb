import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type FileHash, ID_BYTES, sha256Hex } from '../../core/id.ts'
import { compareBytes } from '../../core/path.ts'
import { createEntryTable, type EntryTable } from '../../dataset/entry-table.ts'
import type { SourceEntry } from '../../dataset/source.ts'
import { cachedEntries, createComparison, PIECE_BYTES } from './cached-entries.ts'
import { createKnownFiles, hashAt, type KnownFiles, knowAsPushed } from './known-files.ts'

const FILE: SourceEntry = {
  kind: 'file',
  path: 'a',
  executable: false,
  size: 5,
  target: '',
  modifiedMicros: 7,
  stamp: 'stamp',
  settled: true,
  location: 1,
}

function tableOf(entries: SourceEntry[]): EntryTable {
  const table = createEntryTable()
  for (const entry of entries) table.add(entry)
  return table.finish('by path')
}

const hashOf = ({ path, stamp }: SourceEntry) => sha256Hex(`${path} ${stamp}`) as FileHash

/** What is known once all was read. */
function knownOf(table: EntryTable): KnownFiles {
  const known = createKnownFiles(table.length)
  for (const [place, entry] of [...table].entries()) {
    if (entry.size > 0) known.hashes.write(hashOf(entry), place * ID_BYTES, 'hex')
  }
  return known
}

function cacheOf(entries: SourceEntry[]): Buffer {
  const table = tableOf(entries)
  return Buffer.concat([...cachedEntries(table, knownOf(table)).map((piece) => Buffer.from(piece))])
}

/** @param step bytes that come at once */
function compare(cached: Uint8Array, entries: EntryTable, step = PIECE_BYTES): KnownFiles {
  const comparison = createComparison(entries)
  for (let at = 0; at < cached.length; at += step) comparison.push(cached.subarray(at, at + step))
  return comparison.end()
}

const anyEntry: fc.Arbitrary<SourceEntry> = fc
  .record({
    kind: fc.constantFrom('file', 'file', 'folder', 'link'),
    path: fc.constantFrom('a', 'a-b', 'a/b', 'b', 'ba', 'é', '\uE000', '\u{10000}', 'c', 'd'),
    stamp: fc.constantFrom('one', 'two'),
    size: fc.constantFrom(0, 1, 1000),
    settled: fc.boolean(),
  })
  .map((draft) => ({ ...FILE, ...draft, size: draft.kind === 'file' ? draft.size : 0 }))
const anyEntries = fc.uniqueArray(anyEntry, { selector: ({ path }) => path })
const byPath = (entries: SourceEntry[]) => entries.toSorted((a, b) => compareBytes(a.path, b.path))

describe('createComparison', () => {
  it('knows each entry that is the same and may be trusted, with its hash and where it stood, and no other', () => {
    fc.assert(
      fc.property(anyEntries, anyEntries, fc.boolean(), fc.integer({ min: 1, max: 99 }), (old, other, change, step) => {
        const now = change ? other : old
        const known = compare(cacheOf(old), tableOf(now), step)
        const offsets = new Map<string, number>()
        byPath(old).reduce((offset, entry) => {
          offsets.set(JSON.stringify(entry), offset)
          return offset + entry.size
        }, 0)
        for (const [place, entry] of byPath(now).entries()) {
          const offset = entry.settled ? offsets.get(JSON.stringify(entry)) : undefined
          assert.equal(known.oldOffset[place], offset ?? -1)
          if (offset !== undefined && entry.size > 0) assert.equal(hashAt(known, place), hashOf(entry))
        }
        assert.equal(known.same, old.length === now.length && !known.oldOffset.includes(-1))
      }),
      { numRuns: 300 },
    )
  })

  it('knows after a push what it would know of the cache that the push wrote', () => {
    fc.assert(
      fc.property(anyEntries, (entries) => {
        const table = tableOf(entries)
        const known = knownOf(table)
        knowAsPushed(known, table)
        const { oldOffset, same } = compare(cacheOf(entries), table)
        assert.deepEqual({ oldOffset: known.oldOffset, same: known.same }, { oldOffset, same })
      }),
    )
  })

  const changes: [string, Partial<SourceEntry>, boolean][] = [
    ['nothing', {}, true],
    ['the device', { location: 2 }, true],
    ['the stamp', { stamp: 'other' }, false],
    ['a stamp that cannot be trusted', { settled: false }, false],
    ['the size', { size: 6 }, false],
    ['the executable bit', { executable: true }, false],
    ['the time', { modifiedMicros: 8 }, false],
    ['the kind', { kind: 'link', target: 'b' }, false],
    ['the target', { target: 'b' }, false],
    ['the path', { path: 'b' }, false],
  ]
  for (const [what, change, same] of changes) {
    it(`${same ? 'knows' : 'forgets'} a file when ${what} changed`, () => {
      assert.equal(compare(cacheOf([FILE]), tableOf([{ ...FILE, ...change }])).same, same)
    })
  }

  it('reads back more than one piece', () => {
    const entries = Array.from({ length: 10_000 }, (_, i) => ({ ...FILE, path: `${'folder/'.repeat(i % 500)}${i}` }))
    assert.equal(compare(cacheOf(entries), tableOf(entries)).same, true)
  })

  it('refuses what is cut short or has an impossible size', () => {
    const cache = cacheOf([FILE, { ...FILE, path: 'b' }])
    for (let length = 1; length < cache.length; length++) {
      if (length !== cache.length / 2)
        assert.throws(() => compare(cache.subarray(0, length), tableOf([FILE])), RangeError)
    }
    for (const size of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      const bytes = Buffer.from(cache)
      bytes.writeDoubleLE(size, 6)
      assert.throws(() => compare(bytes, tableOf([FILE])), RangeError)
    }
  })
})

describe('hashAt', () => {
  it('does not give the hash of a file that was never read', () => {
    assert.throws(() => hashAt(createKnownFiles(1), 0), /No hash for entry 0/)
  })
})
