import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type FileHash, sha256Hex } from '../core/id.ts'
import { type Entry, encodeListing, listingDigest } from '../core/listing.ts'
import { inlineStream } from '../core/record.ts'
import { sampleBytes, sampleText } from '../core/sample.fixture.ts'
import { encodeTimes } from '../core/times.ts'
import { buildSnapshot } from '../hub/snapshot.fixture.ts'
import { createBlockReader, type FetchBlock } from './block-reader.ts'
import { loadListing, readRange } from './snapshot-reader.ts'
import { verifyContent } from './verify-content.ts'

const files = { 'a.txt': 'hello', 'b/c.bin': sampleBytes(400_000, 'c'), 'b/d.csv': sampleText(300_000, 'd'), z: '' }
const { record, blocks } = await buildSnapshot(files)
const content = Buffer.concat([Buffer.from('hello'), files['b/c.bin'], files['b/d.csv']])
const stored = new Map(blocks.map((b) => [b.info.id, b.bytes]))
const fetch: FetchBlock = async ({ id }, { offset, length }) => stored.get(id)!.subarray(offset, offset + length)

/** A store in which one bit of the block is wrong. */
function flipped(bit: number): FetchBlock {
  const bytes = Buffer.from(blocks[0]!.bytes)
  bytes[bit >> 3] = bytes[bit >> 3]! ^ (1 << (bit & 7))
  return async (_, { offset, length }) => bytes.subarray(offset, offset + length)
}

async function readAll(range: { offset: number; length: number }, from = fetch): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of readRange(record, record.content.extents, range, createBlockReader(from))) parts.push(part)
  return Buffer.concat(parts)
}

describe('readRange', () => {
  it('gives any range of the content', async () => {
    const place = fc.nat(content.length)
    await fc.assert(
      fc.asyncProperty(place, place, async (a, b) => {
        const [offset, end] = [Math.min(a, b), Math.max(a, b)]
        assert.ok((await readAll({ offset, length: end - offset })).equals(content.subarray(offset, end)))
      }),
      { numRuns: 60 },
    )
  })

  it('promise 3: gives the right bytes or an integrity error, wherever a bit of the store is wrong', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(blocks[0]!.bytes.length * 8 - 1), async (bit) => {
        try {
          assert.ok((await readAll({ offset: 0, length: content.length }, flipped(bit))).equals(content))
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'integrity', String(error))
        }
      }),
      { numRuns: 150 },
    )
  })

  for (const [what, at] of [
    ['frames', 1000],
    ['an index', blocks[0]!.bytes.length - 100],
  ] as const)
    it(`asks once more for ${what} that came wrong, and tells of it`, async () => {
      const damaged = flipped(8 * at)
      const all = { offset: 0, length: content.length }
      let asked = 0
      const once: FetchBlock = (block, range) => {
        const isThere = range.offset <= at && at < range.offset + range.length
        return isThere && asked++ === 0 ? damaged(block, range) : fetch(block, range)
      }
      const heard: string[] = []
      const reader = createBlockReader(once, undefined, ({ code }) => heard.push(code))
      const parts = await Array.fromAsync(readRange(record, record.content.extents, all, reader))
      assert.ok(Buffer.concat(parts).equals(content))
      assert.deepEqual([asked, heard], [2, ['integrity']])
      await assert.rejects(readAll(all, damaged), { code: 'integrity' })
    })
})

describe('loadListing', () => {
  it('gives entries and times', async () => {
    const { entries, micros } = await loadListing(record, createBlockReader(fetch))
    assert.deepEqual(
      Array.from(entries, (e) => e.path),
      Object.keys(files).toSorted(),
    )
    assert.deepEqual([...micros], [1.7e15, 1.7e15, 1.7e15, 1.7e15])
  })
  it('reads one that is stored in blocks, in few requests', async () => {
    const entries = Array.from({ length: 20_000 }, (_, i): Entry => {
      const path = `folder-${100 + (i >> 8)}/file-${100_000 + i}`
      return { kind: 'file', path, executable: false, size: 1, hash: sha256Hex(path) as FileHash }
    })
    const text = encodeListing(entries)
    const stored = await buildSnapshot({ listing: text })
    const times = inlineStream(encodeTimes(entries.map(() => 0)))
    const content = { ...stored.record.content, length: entries.length }
    const { content: listing } = stored.record
    const wide = { ...stored.record, digest: listingDigest(text), listing, times, content }
    let requests = 0
    const reader = createBlockReader(async ({ id }, { offset, length }) => {
      requests++
      return stored.blocks.find(({ info }) => info.id === id)!.bytes.subarray(offset, offset + length)
    })
    assert.deepEqual([...(await loadListing(wide, reader)).entries], entries)
    assert.ok(requests < 8, `${requests} requests for ${text.length} bytes`)
  })
  it('refuses another listing and a content of another length', async () => {
    const other = await buildSnapshot({ x: 'y' })
    const reader = createBlockReader(fetch)
    await assert.rejects(loadListing({ ...record, listing: other.record.listing }, reader), {
      code: 'integrity',
      message: /does not match its digest/,
    })
    await assert.rejects(loadListing({ ...record, content: other.record.content }, reader), {
      code: 'integrity',
      message: /bytes where its listing has/,
    })
  })
})

describe('verifyContent', () => {
  it('names the file whose chunks are not its own', async () => {
    const reader = createBlockReader(fetch)
    const { entries } = await loadListing(record, reader)
    await verifyContent(record, entries, reader)
    const wrong = Array.from(entries, (e) =>
      e.path === 'b/d.csv' && e.kind === 'file' ? { ...e, hash: 'ab'.repeat(32) as typeof e.hash } : e,
    )
    await assert.rejects(verifyContent(record, wrong, reader), { code: 'integrity', message: /"b\/d\.csv"/ })
  })
})
