import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { AetherError } from './errors.ts'
import type { FileHash } from './id.ts'
import {
  createListingDecoder,
  createListingDigest,
  decodeListing,
  type Entry,
  encodeListing,
  LISTING_HEADER,
  listingDigest,
  listingPieces,
} from './listing.ts'
import { compareBytes } from './path.ts'
import { anyListing } from './sample.fixture.ts'

const hash = 'ab'.repeat(32) as FileHash
const file = (path: string): Entry => ({ kind: 'file', path, executable: false, size: 1, hash })
const text = (lines: string) => Buffer.from(LISTING_HEADER + lines)

describe('encodeListing and decodeListing', () => {
  it('read back what they wrote, and write back what they read', () => {
    fc.assert(
      fc.property(anyListing, (listing) => {
        const encoded = encodeListing(listing)
        assert.deepEqual(decodeListing(encoded), listing)
        assert.ok(encodeListing(decodeListing(encoded)).equals(encoded))
      }),
      { numRuns: 500 },
    )
  })

  it('read the same however the bytes arrive', () => {
    fc.assert(
      fc.property(anyListing, fc.integer({ min: 1, max: 100 }), (listing, step) => {
        const encoded = encodeListing(listing)
        const decoder = createListingDecoder()
        const read: Entry[] = []
        for (let at = 0; at < encoded.length; at += step) read.push(...decoder.push(encoded.subarray(at, at + step)))
        decoder.end()
        assert.deepEqual(read, listing)
      }),
    )
  })

  it('hold no line that never ends', () => {
    const decoder = createListingDecoder()
    decoder.push(text('f '))
    assert.throws(() => decoder.push(Buffer.alloc(40_000, 'x')), { code: 'invalid', message: /longer than any may be/ })
  })

  it('take no damaged text for a listing of its own, whatever was changed', () => {
    fc.assert(
      fc.property(anyListing, fc.nat(), fc.integer({ min: 1, max: 255 }), (listing, at, change) => {
        const bytes = encodeListing(listing)
        const place = at % bytes.length
        bytes[place] = bytes[place]! ^ change
        try {
          assert.ok(encodeListing(decodeListing(bytes)).equals(bytes))
        } catch (error) {
          assert.ok(error instanceof AetherError && error.code === 'invalid', String(error))
        }
      }),
      { numRuns: 1000 },
    )
  })

  const refused: [string, Uint8Array, RegExp][] = [
    ['another header', Buffer.from('aetherfs listing 2\n'), /does not begin with its header/],
    ['no text', Buffer.from(''), /does not begin with its header/],
    ['a last line without end', text(`f - 1 ${hash} a`), /has no end/],
    ['invalid UTF-8', Buffer.concat([text(`f - 1 ${hash} a`), Buffer.from([0xff, 10])]), /not valid UTF-8/],
    ['a leading zero', text(`f - 01 ${hash} a\n`), /cannot read the line/],
    ['an unescaped space', text(`f - 1 ${hash} a b\n`), /cannot read the line/],
    ['an unknown escape', text(`f - 1 ${hash} a\\t\n`), /cannot read the line/],
    ['a negative size', text(`f - -1 ${hash} a\n`), /is not a number of bytes/],
    ['a size beyond 2^53', text(`f - 9007199254740993 ${hash} a\n`), /number of bytes|cannot read/],
    ['an upper-case hash', text(`f - 1 ${hash.toUpperCase()} a\n`), /64 lowercase hex/],
    ['an executable folder', text('d x 0 - a\n'), /cannot read the line/],
    ['a device', text(`c - 1 ${hash} a\n`), /cannot read the line/],
    ['".."', text(`f - 1 ${hash} a/../b\n`), /a part of it is "\.\."/],
    ['an absolute path', text(`f - 1 ${hash} /a\n`), /it is absolute/],
    ['an empty part', text(`f - 1 ${hash} a//b\n`), /a part of it is empty/],
    ['NUL', text(`f - 1 ${hash} a\0b\n`), /NUL/],
    ['a long part', text(`f - 1 ${hash} ${'a'.repeat(256)}\n`), /over 255 bytes/],
    ['a long path', text(`f - 1 ${hash} ${'a/'.repeat(2050)}a\n`), /over 4096 bytes/],
    ['two entries of one path', text(`f - 1 ${hash} a\nf - 1 ${hash} a\n`), /does not come after/],
    ['wrong order', text(`f - 1 ${hash} b\nf - 1 ${hash} a\n`), /does not come after/],
    ['a file below a file', text(`f - 1 ${hash} a\nf - 1 ${hash} a-b\nf - 1 ${hash} a/b\n`), /lies below "a"/],
    ['a file below a link', text(`l - 1 x a\nf - 1 ${hash} a/b\n`), /lies below "a"/],
    ['a link to an absolute path', text('l - 4 /etc a\n'), /points out of the snapshot/],
    ['a link that climbs out', text('l - 8 ../../etc d/a\n'), /points out of the snapshot|cannot read/],
    ['an empty target', text('l - 0  a\n'), /points out of the snapshot/],
    ['a link with a wrong length', text('l - 7 b a\n'), /cannot read the line/],
  ]
  for (const [name, bytes, reason] of refused) {
    it(`refuse ${name}`, () => assert.throws(() => decodeListing(bytes), { code: 'invalid', message: reason }))
  }

  it('refuse to write what could not be read', () => {
    assert.throws(() => encodeListing([file('b'), file('a')]), /does not come after/)
    assert.throws(() => encodeListing([file('../a')]), /"\.\."/)
    assert.throws(() => encodeListing([file('a\uD800')]), /not valid Unicode/)
  })

  it('keep links that stay inside', () => {
    const inside = text('l - 4 ../b d/a\n')
    assert.deepEqual(decodeListing(inside), [{ kind: 'link', path: 'd/a', target: '../b' }])
  })
})

describe('listingPieces', () => {
  const link = (i: number): Entry => {
    const path = `${i}/${`${' '.repeat(255)}/`.repeat(15)}${' '.repeat(200)}`
    return { kind: 'link', path, target: ' '.repeat(4095) }
  }

  it('are the text, however long the lines', () => {
    for (const listing of [Array.from({ length: 90 }, (_, i) => link(i + 10)), [file('a'), file('b')], []]) {
      const pieces = [...listingPieces(listing).map((piece) => Buffer.from(piece))]
      assert.ok(pieces.every((piece) => piece.length <= 64 * 1024))
      const whole = Buffer.concat(pieces)
      assert.deepEqual(decodeListing(whole), listing)
      assert.ok(whole.equals(encodeListing(listing)))
    }
  })

  it('have the digest of the text', () => {
    const listing = Array.from({ length: 90 }, (_, i) => link(i + 10))
    const digest = createListingDigest()
    const text = Buffer.concat([...listingPieces(listing).map((piece) => Buffer.from(digest.take(piece)))])
    assert.equal(digest.finish(), listingDigest(text))
  })
})

describe('listingDigest', () => {
  it('is the one of docs/format.md for the empty snapshot', () => {
    assert.equal(listingDigest(encodeListing([])), '67ca0b89c9738288728a2908eda7f1b07f652831991e4b86c049d322a0adb21b')
  })
})

describe('compareBytes', () => {
  it('orders as the bytes of UTF-8 do', () => {
    const name = fc.string({ unit: 'binary', maxLength: 6 }).map((s) => s.toWellFormed())
    fc.assert(
      fc.property(name, name, (a, b) =>
        assert.equal(Math.sign(compareBytes(a, b)), Buffer.compare(Buffer.from(a), Buffer.from(b))),
      ),
      { numRuns: 2000 },
    )
  })
})
