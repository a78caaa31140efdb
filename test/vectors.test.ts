import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { chunkIdAt, chunkLengthAt, decodeTail } from '../src/core/block.ts'
import { type BlockId, type ChunkId, sha256Hex } from '../src/core/id.ts'
import { decodeListing, type Entry, encodeListing, listingDigest } from '../src/core/listing.ts'
import { decodeRecord } from '../src/core/record.ts'
import { decodeTimes, encodeTimes } from '../src/core/times.ts'
import { verifyBlock } from '../src/dataset/verify-block.ts'
import { cutAll } from '../src/hub/snapshot.fixture.ts'
import { bake, type Recipe } from './vectors/recipe.fixture.ts'

const folder = new URL('./vectors/', import.meta.url)
const bytesOf = (name: string) => readFileSync(new URL(name, folder))
const json = <T>(name: string) => JSON.parse(bytesOf(name).toString()) as T
const plain = (value: unknown) => JSON.parse(JSON.stringify(value)) as unknown

describe('vectors', () => {
  it('are all there, and none is unknown', () => {
    const names = readdirSync(folder).filter((name) => !name.endsWith('.fixture.ts'))
    assert.deepEqual(names.toSorted(), [
      'README.md',
      'block.bin',
      'block.json',
      'chunks.json',
      'listing.json',
      'listing.txt',
      'references.json',
      'snapshot.bin',
      'snapshot.json',
      'times.json',
    ])
  })

  for (const { recipe, chunks } of json<{ recipe: Recipe; chunks: { length: number; id: ChunkId }[] }[]>(
    'chunks.json',
  )) {
    it(`chunks of ${JSON.stringify(recipe)}`, () => {
      const cut = [...cutAll(bake(recipe))].map((bytes) => ({ length: bytes.length, id: sha256Hex(bytes) }))
      assert.deepEqual(cut, chunks)
    })
  }

  it('listing', () => {
    const { digest, entries } = json<{ digest: string; entries: Entry[] }>('listing.json')
    const text = bytesOf('listing.txt')
    assert.deepEqual(decodeListing(text), entries)
    assert.ok(encodeListing(entries).equals(text))
    assert.equal(listingDigest(text), digest)
  })

  it('times', () => {
    const { times, hex } = json<{ times: number[]; hex: string }>('times.json')
    assert.equal(encodeTimes(times).toString('hex'), hex)
    assert.deepEqual([...decodeTimes(Buffer.from(hex, 'hex'), times.length)], times)
  })

  it('block', () => {
    const bytes = bytesOf('block.bin')
    const { info, frameStart, frameCodec, frameFirst, chunks } = json<{
      info: { id: BlockId; tailSize: number }
      frameStart: number[]
      frameCodec: number[]
      frameFirst: number[]
      chunks: { id: ChunkId; length: number }[]
    }>('block.json')
    assert.deepEqual(verifyBlock(info.id, bytes), info)
    const index = decodeTail(bytes.subarray(-info.tailSize), bytes.length)
    assert.deepEqual(
      [[...index.frameStart], [...index.frameCodec], [...index.frameFirst]],
      [frameStart, frameCodec, frameFirst],
    )
    assert.deepEqual(
      chunks.map((_, i) => ({ id: chunkIdAt(index, i), length: chunkLengthAt(index, i) })),
      chunks,
    )
  })

  it('snapshot record', () => {
    const { listing, times, content, ...rest } = decodeRecord(bytesOf('snapshot.bin'))
    const { block, first, count, start } = content.extents
    assert.deepEqual(
      plain({
        ...rest,
        listing: Buffer.from(listing.inline).toString(),
        times: Buffer.from(times.inline).toString('hex'),
        content: { length: content.length, block: [...block], first: [...first], count: [...count], start: [...start] },
      }),
      (({ digest, blocks, provenance, listing, times, content }) => ({
        digest,
        blocks,
        provenance,
        listing,
        times,
        content,
      }))(json('snapshot.json')),
    )
    assert.equal(rest.digest, sha256Hex(listing.inline))
    assert.deepEqual(rest.blocks, [json<{ info: object }>('block.json').info])
  })
})
