import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { FileHash } from './id.ts'
import { decodeListing, type Entry, encodeListing, LISTING_HEADER } from './listing.ts'
import { openListing } from './packed-listing.ts'
import { compareBytes } from './path.ts'
import { anyListing } from './sample.fixture.ts'

const seed = Date.now() % 2 ** 31
console.log(`packed listings: seed ${seed}`)

/** Paths that are in the listing, begin as some of it do, or are anywhere between. */
const anyPath = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 4 }).map((text) => text.toWellFormed()),
  fc.constantFrom('', ' ', '\n', '\\', '\\_', 'a', 'a ', 'a\n', 'a\\', 'a/', 'a.b', '~', '\u{10ffff}'),
)

function startsOf(entries: readonly Entry[]): number[] {
  let end = 0
  return entries.map((entry) => {
    const start = end
    if (entry.kind === 'file') end += entry.size
    return start
  })
}

describe('openListing', () => {
  it('answers as an array of the entries does', () => {
    fc.assert(
      fc.property(anyListing, fc.array(anyPath, { maxLength: 5 }), (entries, others) => {
        const packed = openListing(encodeListing(entries))
        const files = entries.filter(({ kind }) => kind === 'file')
        assert.equal(packed.length, entries.length)
        assert.equal(packed.files, files.length)
        assert.deepEqual([...packed], entries)
        for (let i = -1; i <= entries.length; i++) {
          assert.deepEqual(packed.at(i), entries[i])
          assert.equal(packed.pathAt(i), entries[i]?.path)
        }
        assert.deepEqual(
          entries.map((_, i) => packed.startAt(i)),
          startsOf(entries),
        )
        for (const path of [...entries.map((entry) => entry.path), ...others]) {
          const place = entries.findIndex((entry) => compareBytes(entry.path, path) >= 0)
          assert.equal(packed.lowerBound(path), place < 0 ? entries.length : place, JSON.stringify(path))
        }
      }),
      { numRuns: 500, seed },
    )
  })

  it('knows the bytes in all files, also more than four GiB of them', () => {
    const file = (path: string, size: number): Entry => ({ kind: 'file', path, executable: true, size, hash })
    const packed = openListing(encodeListing([file('a', 2 ** 40), { kind: 'folder', path: 'b' }, file('c', 7)]))
    assert.equal(packed.contentLength, 2 ** 40 + 7)
    assert.deepEqual([packed.startAt(1), packed.startAt(2), packed.startAt(3)], [2 ** 40, 2 ** 40, 2 ** 40 + 7])
  })

  it('takes twelve bytes for an entry beside the text', () => {
    const entries = Array.from({ length: 1000 }, (_, i): Entry => ({ kind: 'folder', path: `${1000 + i}` }))
    const text = encodeListing(entries)
    assert.equal(openListing(text).memory, text.length + 12_000)
  })

  it('refuses what no listing is, whatever was changed in one, as reading it whole does', () => {
    const change = fc.oneof(fc.constantFrom(...Buffer.from('\0 \n./\\_n0a9F-xfld')), fc.integer({ min: 0, max: 255 }))
    fc.assert(
      fc.property(
        anyListing,
        fc.array(fc.tuple(fc.nat(), change), { minLength: 1, maxLength: 3 }),
        (entries, changes) => {
          const text = encodeListing(entries)
          for (const [at, byte] of changes) text[at % text.length] = byte
          assert.equal(
            faultOf(() => openListing(text)),
            faultOf(() => decodeListing(text)),
          )
          if (faultOf(() => openListing(text)) === undefined)
            assert.ok(encodeListing([...openListing(text)]).equals(text), 'it has a second spelling')
        },
      ),
      { numRuns: 2000, seed },
    )
  })

  const lines: [string, RegExp][] = [
    [`f -  ${'ab'.repeat(32)} a`, /cannot read the line/],
    [`f - 1x ${'ab'.repeat(32)} a`, /number of bytes|cannot read/],
    [`f - 00 ${'ab'.repeat(32)} a`, /cannot read the line/],
    [`f - 9007199254740992 ${'ab'.repeat(32)} a`, /is not a number of bytes/],
    [`f y 1 ${'ab'.repeat(32)} a`, /cannot read the line/],
    [`f - 1 ${'ab'.repeat(31)} a`, /64 lowercase hex/],
    [`f - 1 ${'ab'.repeat(33)} a`, /64 lowercase hex/],
    [`f - 1 ${'ab'.repeat(32)} `, /it is empty/],
    [`f - 1 ${'ab'.repeat(32)}`, /cannot read the line/],
    [`f - 1 ${'ab'.repeat(32)} a/`, /a part of it is empty/],
    [`f - 1 ${'ab'.repeat(32)} a/.`, /a part of it is "\."/],
    [`f - 1 ${'ab'.repeat(32)} ..`, /a part of it is "\.\."/],
    [`f - 1 ${'ab'.repeat(32)} ${'é'.repeat(128)}`, /over 255 bytes/],
    [`f - 1 ${'ab'.repeat(32)} a b`, /cannot read the line/],
    ['', /cannot read the line/],
  ]
  for (const [line, message] of lines)
    it(`refuses ${JSON.stringify(line.slice(0, 100))}`, () =>
      assert.throws(() => openListing(Buffer.from(`${LISTING_HEADER}${line}\n`)), { code: 'invalid', message }))

  it('takes the largest size that is exact', () => {
    const text = Buffer.from(`${LISTING_HEADER}f - ${Number.MAX_SAFE_INTEGER} ${hash} a\n`)
    assert.equal(openListing(text).contentLength, Number.MAX_SAFE_INTEGER)
  })
})

const hash = 'ab'.repeat(32) as FileHash

function faultOf(read: () => unknown): string | undefined {
  try {
    read()
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}
