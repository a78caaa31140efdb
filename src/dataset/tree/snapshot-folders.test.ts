import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type Entry, encodeListing } from '../../core/listing.ts'
import { openListing, type PackedListing } from '../../core/packed-listing.ts'
import { compareBytes } from '../../core/path.ts'
import { anyListing } from '../../core/sample.fixture.ts'
import { checkedSpot, childrenOf, entryAt, isBoundary, pathAt, ROOT, type Spot, spotOf } from './snapshot-folders.ts'

/** Folders by their paths, each with the names that it has, as anybody would build it. */
function naiveTree(entries: readonly Entry[]): Map<string, Set<string>> {
  const folders = new Map<string, Set<string>>([['', new Set()]])
  for (const { path, kind } of entries) {
    const parts = path.split('/')
    parts.forEach((name, i) => {
      const parent = parts.slice(0, i).join('/')
      folders.set(parent, (folders.get(parent) ?? new Set()).add(name))
    })
    if (kind === 'folder') folders.set(path, new Set())
  }
  return folders
}

function names(entries: PackedListing, folder: Spot, from?: number): string[] {
  return [...childrenOf(entries, folder, from)].map(({ spot }) => pathAt(entries, spot).split('/').at(-1)!)
}

const partsOf = (path: string) => (path === '' ? [] : path.split('/'))

function files(...paths: string[]): PackedListing {
  const file = (path: string): Entry => ({
    kind: 'file',
    path,
    executable: false,
    size: 1,
    hash: 'ab'.repeat(32) as never,
  })
  return packed(paths.toSorted(compareBytes).map(file))
}

const packed = (entries: Entry[]) => openListing(encodeListing(entries))

describe('folders of a snapshot', () => {
  it('are those of a tree that is built from the paths', () => {
    fc.assert(
      fc.property(anyListing, (listing) => {
        const entries = packed(listing)
        for (const [path, expected] of naiveTree(listing)) {
          const folder = spotOf(entries, partsOf(path))!
          assert.equal(pathAt(entries, folder), path)
          assert.deepEqual(checkedSpot(entries, folder), folder)
          if (entryAt(entries, folder)?.kind === 'folder') continue
          const found = names(entries, folder)
          assert.deepEqual(new Set(found), expected)
          assert.equal(found.length, expected.size)
          for (const name of expected) {
            const child = spotOf(entries, [...partsOf(path), name])!
            const entry = entryAt(entries, child)
            const full = [...partsOf(path), name].join('/')
            assert.equal(entry?.path, listing.some((e) => e.path === full) ? full : undefined)
          }
        }
      }),
      { numRuns: 300 },
    )
  })

  it('go on behind any child', () => {
    fc.assert(
      fc.property(anyListing, (listing) => {
        const entries = packed(listing)
        for (const path of naiveTree(listing).keys()) {
          const folder = spotOf(entries, partsOf(path))!
          if (entryAt(entries, folder)) continue
          const children = [...childrenOf(entries, folder)]
          const all = names(entries, folder)
          const starts = new Set([folder.index, ...children.map(({ next }) => next)])
          children.forEach(({ next }, i) => {
            assert.deepEqual(names(entries, folder, next), all.slice(i + 1))
          })
          for (let i = -1; i <= entries.length + 1; i++) assert.equal(isBoundary(entries, folder, i), starts.has(i))
        }
      }),
      { numRuns: 200 },
    )
  })

  it('lie between files whose names begin as theirs do', () => {
    const entries = files('a-b', 'a.b', 'a/x', 'a/y/z', 'a0', 'ab/c')
    assert.deepEqual(names(entries, ROOT), ['a-b', 'a.b', 'a', 'a0', 'ab'])
    assert.deepEqual(names(entries, spotOf(entries, ['a'])!), ['x', 'y'])
    assert.deepEqual(spotOf(entries, ['a', 'y']), { index: 3, depth: 2 })
  })

  it('have nothing under names that are not theirs', () => {
    const entries = files('a/b/c', 'a/d')
    for (const parts of [['b'], ['a', 'b', 'c', 'd'], ['a', ''], [''], ['a', 'c'], ['a/b/'], ['\u{10000}']])
      assert.equal(spotOf(entries, parts), undefined, parts.join())
    for (const [index, depth] of [
      [-1, 1],
      [2, 1],
      [0.5, 1],
      [0, 4],
      [1, 0],
      [Number.NaN, 1],
      [0, -1],
    ] as const)
      assert.equal(checkedSpot(entries, { index, depth }), undefined, `${index} ${depth}`)
    assert.deepEqual(checkedSpot(entries, { index: 1, depth: 1 }), { index: 0, depth: 1 })
  })

  it('of no entries at all are an empty root', () => {
    assert.deepEqual(names(packed([]), ROOT), [])
    assert.deepEqual(checkedSpot(packed([]), ROOT), ROOT)
    assert.equal(entryAt(packed([]), ROOT), undefined)
  })
})
