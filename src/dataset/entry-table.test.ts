import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { compareBytes } from '../core/path.ts'
import { createEntryTable, openEntryTable } from './entry-table.ts'
import type { SourceEntry } from './source.ts'

const name = fc.string({ unit: 'grapheme', maxLength: 30 }).filter((text) => text.isWellFormed())
const anyEntry: fc.Arbitrary<SourceEntry> = fc
  .record({
    kind: fc.constantFrom('file' as const, 'folder' as const, 'link' as const),
    path: fc.oneof(name, fc.constantFrom('\uE000', '\u{10000}', 'é'.repeat(2000), '世'.repeat(1300))),
    executable: fc.boolean(),
    size: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
    target: name,
    modifiedMicros: fc.integer({ min: 0, max: 2 ** 52 - 1 }),
    stamp: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
    settled: fc.boolean(),
    location: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  })
  .map((draft) => ({ ...draft }))

function tableOf(entries: SourceEntry[], order: 'as added' | 'by path' = 'as added') {
  const table = createEntryTable()
  for (const entry of entries) table.add(entry)
  return table.finish(order)
}

describe('an entry table', () => {
  it('gives back what was added, here and in the other thread', () => {
    fc.assert(
      fc.property(fc.array(anyEntry, { maxLength: 20 }), (entries) => {
        const table = tableOf(entries)
        const there = openEntryTable(structuredClone(table.shared))
        for (const found of [table, there]) {
          assert.deepEqual([...found], entries)
          assert.deepEqual(
            [...found.sizes()],
            entries.map((entry) => entry.size),
          )
          assert.deepEqual(
            [...found.times()],
            entries.map((entry) => entry.modifiedMicros),
          )
          assert.equal(found.length, entries.length)
          assert.equal(found.files, entries.filter(({ kind }) => kind === 'file').length)
        }
      }),
    )
  })

  it('puts entries in byte order of their paths', () => {
    fc.assert(
      fc.property(fc.uniqueArray(anyEntry, { maxLength: 20, selector: ({ path }) => path }), (entries) => {
        const sorted = entries.toSorted((a, b) => compareBytes(a.path, b.path))
        assert.deepEqual([...tableOf(entries, 'by path')], sorted)
      }),
    )
  })

  it('grows, and is not copied on its way to another thread', () => {
    const entry = fc.sample(anyEntry, { numRuns: 1, seed: 1 })[0]!
    const entries = Array.from({ length: 50_000 }, (_, i) => ({ ...entry, path: `folder/${i}`, location: i }))
    const table = tableOf(entries)
    assert.ok(table.shared.slabs.length > 1)
    const there = openEntryTable(structuredClone(table.shared))
    for (const place of [0, 1, 20_000, 49_999]) assert.deepEqual(there.at(place), entries[place])
    table.slab(7).view.setUint8(table.offset(7) + 5, 0)
    assert.equal(there.at(7).kind, 'file')
    assert.equal(there.at(7).settled, false)
  })
})
