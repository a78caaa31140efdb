import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { zstdCompressSync } from 'node:zlib'
import { create, toBinary } from '@bufbuild/protobuf'
import fc from 'fast-check'
import { SnapshotRecordSchema } from '../gen/aetherfs/v2/record_pb.ts'
import type { BlockInfo } from './block.ts'
import { AetherError } from './errors.ts'
import { createExtentsBuilder, NO_EXTENTS } from './extents.ts'
import { type BlockId, type Digest, sha256Hex } from './id.ts'
import { encodeListing } from './listing.ts'
import { blockStream, decodeRecord, encodeRecord, inlineStream, type SnapshotRecord } from './record.ts'
import { pushVarint } from './varint.ts'

const block = (n: number): BlockInfo => ({
  id: sha256Hex(`block ${n}`) as BlockId,
  size: 1000 + n,
  tailSize: 60,
  tailHash: sha256Hex(`tail ${n}`),
})

function sample(): SnapshotRecord {
  const extents = createExtentsBuilder()
  extents.add(0, 3, 500)
  extents.add(1, 0, 700)
  return {
    digest: 'cd'.repeat(32) as Digest,
    listing: inlineStream(encodeListing([])),
    times: inlineStream(Buffer.from([0])),
    content: blockStream(extents.finish()),
    blocks: [block(0), block(1)],
    provenance: { creator: 'anonymous', createdMicros: 1_700_000_000_000_000, message: 'für alle', labels: { a: 'b' } },
  }
}

type Draft = Parameters<typeof create<typeof SnapshotRecordSchema>>[1]
const forged = (draft: Draft) =>
  Buffer.concat([
    Buffer.from('AFSR\x01'),
    zstdCompressSync(toBinary(SnapshotRecordSchema, create(SnapshotRecordSchema, draft))),
  ])
/** One field of bytes. */
function wrapped(field: number, bytes: Uint8Array): Buffer {
  const head: number[] = [field * 8 + 2]
  pushVarint(head, bytes.length)
  return Buffer.concat([Buffer.from(head), bytes])
}

const entry = (n: number) => ({
  id: Buffer.from(block(n).id, 'hex'),
  size: 1000,
  tailSize: 60,
  tailSha256: Buffer.alloc(32),
})
const base = {
  digest: Buffer.alloc(32),
  listing: { length: 0n },
  times: { length: 0n },
  content: { length: 5n, extents: { block: [0], first: [0], count: [1], length: [5] } },
  blocks: [entry(0)],
}

describe('encodeRecord and decodeRecord', () => {
  it('read back what they wrote', () => {
    const record = sample()
    const read = decodeRecord(encodeRecord(record))
    assert.deepEqual(
      { ...read, listing: undefined, times: undefined, content: undefined },
      { ...record, listing: undefined, times: undefined, content: undefined },
    )
    assert.ok(Buffer.from(read.listing.inline).equals(record.listing.inline))
    assert.deepEqual(read.content.extents, record.content.extents)
  })

  it('take the base of the lies below', () => assert.equal(decodeRecord(forged(base)).content.length, 5))

  const lies: [string, Draft, RegExp][] = [
    ['a digest of 31 bytes', { ...base, digest: Buffer.alloc(31) }, /32 bytes/],
    ['no listing', { ...base, listing: undefined }, /has no listing/],
    ['a block that is named twice', { ...base, blocks: [entry(0), entry(0)] }, /names a block twice/],
    ['a block of 3 GB', { ...base, blocks: [{ ...entry(0), size: 3_000_000_000 }] }, /block size .* out of range/],
    [
      'a tail longer than its block',
      { ...base, blocks: [{ ...entry(0), tailSize: 1001 }] },
      /tail size .* out of range/,
    ],
    [
      'an extent in a block beyond the table',
      { ...base, content: { length: 5n, extents: { block: [1], first: [0], count: [1], length: [5] } } },
      /block place .* out of range/,
    ],
    [
      'an extent without chunks',
      { ...base, content: { length: 5n, extents: { block: [0], first: [0], count: [0], length: [5] } } },
      /chunk count .* out of range/,
    ],
    [
      'an extent of 2^31 chunks',
      { ...base, content: { length: 5n, extents: { block: [0], first: [0], count: [2 ** 31], length: [5] } } },
      /chunk count .* out of range/,
    ],
    [
      'columns of unequal length',
      { ...base, content: { length: 5n, extents: { block: [0], first: [], count: [1], length: [5] } } },
      /unequal length/,
    ],
    [
      'a length that lies',
      { ...base, content: { length: 6n, extents: { block: [0], first: [0], count: [1], length: [5] } } },
      /announced length/,
    ],
    ['content outside blocks', { ...base, content: { length: 1n, inline: Buffer.from('x') } }, /outside blocks/],
    [
      'a long listing outside blocks',
      { ...base, listing: { length: 70_000n, inline: Buffer.alloc(70_000) } },
      /over 65536 bytes outside blocks/,
    ],
    [
      'a stream in both places',
      {
        ...base,
        listing: { length: 6n, inline: Buffer.from('x'), extents: { block: [0], first: [0], count: [1], length: [5] } },
      },
      /both in it and in blocks/,
    ],
    ['a listing that is announced as endless', { ...base, listing: { length: 2n ** 40n } }, /bytes long/],
  ]
  for (const [name, draft, reason] of lies) {
    it(`refuse ${name}`, () => assert.throws(() => decodeRecord(forged(draft)), { code: 'invalid', message: reason }))
  }

  const packed = (plain: Uint8Array) => Buffer.concat([Buffer.from('AFSR\x01'), zstdCompressSync(plain)])
  const bombs: [string, Uint8Array, RegExp][] = [
    ['millions of empty blocks', Buffer.alloc(30_000_000, Buffer.from([0x2a, 0])), /over 65536 blocks/],
    ['millions of empty streams', Buffer.alloc(30_000_000, Buffer.from([0x22, 0])), /over 1 messages in field 4/],
    ['columns without end', wrapped(4, wrapped(3, wrapped(1, Buffer.alloc(9_000_000)))), /over 8000000 extents/],
    ['labels without end', wrapped(6, Buffer.alloc(1000, Buffer.from([0x22, 0]))), /over 64 labels/],
    ['a cut message', Buffer.from([0x2a, 5]), /cut short/],
    ['a field of an unknown kind', Buffer.from([0x2b]), /unknown kind/],
  ]
  for (const [name, plain, reason] of bombs) {
    it(`refuse ${name} before they take memory`, () => {
      const before = process.memoryUsage().heapTotal
      assert.throws(() => decodeRecord(packed(plain)), { code: 'invalid', message: reason })
      assert.ok(process.memoryUsage().heapTotal - before < 100_000_000)
    })
  }

  it('refuse other formats, bombs and damage', () => {
    const good = encodeRecord(sample())
    assert.throws(() => decodeRecord(Buffer.from('AFSR\x02')), /this format version/)
    assert.throws(
      () => decodeRecord(Buffer.concat([Buffer.from('AFSR\x01'), zstdCompressSync(Buffer.alloc(100_000_000))])),
      /does not decode/,
    )
    assert.throws(() => decodeRecord(Buffer.alloc(17_000_000)), /over 16777216 bytes/)
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const bytes = Buffer.from(good)
        bytes[at] = bytes[at]! ^ change
        try {
          decodeRecord(bytes)
        } catch (error) {
          assert.ok(error instanceof AetherError && error.code === 'invalid', String(error))
        }
      }),
      { numRuns: 500 },
    )
  })

  it('never says anything else when a bit of it flips, or its end is missing', () => {
    const bytes = encodeRecord(sample())
    const damaged = Array.from({ length: bytes.length * 8 }, (_, bit) => withBitFlipped(bytes, bit))
    const cut = Array.from({ length: bytes.length }, (_, length) => bytes.subarray(0, length))
    let found = 0
    for (const wrong of [...damaged, ...cut]) {
      try {
        assert.deepEqual(decodeRecord(wrong), sample()) // a few bits of zstd's own mean nothing
      } catch (error) {
        assert.ok(error instanceof AetherError && error.code === 'invalid', String(error))
        found++
      }
    }
    assert.ok(found > damaged.length + cut.length - 20, `${found} of ${damaged.length + cut.length} were found`)
  })

  it('has no stream where there are no extents and no bytes', () => assert.deepEqual(blockStream(NO_EXTENTS).length, 0))
})

function withBitFlipped(bytes: Uint8Array, bit: number): Buffer {
  const copy = Buffer.from(bytes)
  copy[bit >> 3]! ^= 1 << (bit & 7)
  return copy
}
