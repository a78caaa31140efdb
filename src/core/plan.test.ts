import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type BlockIndex, chunkCount, createBlockBuilder } from './block.ts'
import { createExtentsBuilder } from './extents.ts'
import { encodeFrame } from './frame.ts'
import { type ChunkId, sha256Hex } from './id.ts'
import { chunksOf, planRanges } from './plan.ts'
import { sampleBytes } from './sample.fixture.ts'

/** A block of frames with these chunk lengths. */
async function indexOf(frames: number[][], seed: string): Promise<BlockIndex> {
  const builder = createBlockBuilder()
  for (const [f, lengths] of frames.entries()) {
    const pieces = lengths.map((length, i) => sampleBytes(length, `${seed} ${f} ${i}`))
    builder.add(
      await encodeFrame(
        Buffer.concat(pieces),
        pieces.map((bytes) => ({ id: sha256Hex(bytes) as ChunkId, length: bytes.length })),
      ),
    )
  }
  return builder.finish().index
}

const indexes = [await indexOf([[100, 200], [300], [50, 50, 50]], 'a'), await indexOf([[80], [90, 10]], 'b')]
const at = (block: number) => indexes[block]!

function everything() {
  const builder = createExtentsBuilder()
  for (const [block, index] of indexes.entries()) {
    for (let chunk = 0; chunk < chunkCount(index); chunk++)
      builder.add(block, chunk, index.chunkStart[chunk + 1]! - index.chunkStart[chunk]!)
  }
  return builder.finish()
}

describe('chunksOf', () => {
  it('gives the chunks of a stream with their offsets', () => {
    const chunks = [...chunksOf(everything(), at)]
    assert.deepEqual(
      chunks.map((c) => c.offset),
      [0, 100, 300, 600, 650, 700, 750, 830, 920],
    )
    assert.deepEqual(
      chunks.map((c) => [c.block, c.chunk]),
      [
        [0, 0],
        [0, 1],
        [0, 2],
        [0, 3],
        [0, 4],
        [0, 5],
        [1, 0],
        [1, 1],
        [1, 2],
      ],
    )
  })
  it('finds extents that lie', () => {
    const extents = everything()
    extents.start[1] = 749
    assert.throws(() => [...chunksOf(extents, at)], { code: 'integrity', message: /not as long as its chunks/ })
    const beyond = everything()
    beyond.count[0] = 99
    assert.throws(() => [...chunksOf(beyond, at)], { code: 'integrity', message: /does not have/ })
  })
})

describe('planRanges', () => {
  const chunks = [...chunksOf(everything(), at)]

  it('joins neighbours up to the gap and the longest range', () => {
    const wanted = [chunks[0]!, chunks[3]!]
    assert.deepEqual(
      planRanges(wanted, at, { gap: 0, maxLength: 1e9 }).map((r) => [r.firstFrame, r.endFrame]),
      [
        [0, 1],
        [2, 3],
      ],
    )
    assert.deepEqual(
      planRanges(wanted, at, { gap: 300, maxLength: 1e9 }).map((r) => [r.firstFrame, r.endFrame]),
      [[0, 3]],
    )
    assert.deepEqual(
      planRanges(chunks.slice(0, 3), at, { gap: 0, maxLength: 400 }).map((r) => [r.offset, r.length]),
      [
        [0, 300],
        [300, 300],
      ],
    )
  })

  it('covers every wanted chunk and no frame twice', () => {
    fc.assert(
      fc.property(fc.subarray(chunks), fc.nat(400), fc.nat(1000), (wanted, gap, maxLength) => {
        const ranges = planRanges(wanted, at, { gap, maxLength })
        for (const { block, chunk } of wanted) {
          const holding = ranges.filter(
            (r) =>
              r.block === block &&
              at(block).frameFirst[r.firstFrame]! <= chunk &&
              chunk < at(block).frameFirst[r.endFrame]!,
          )
          assert.equal(holding.length, 1)
        }
        for (const r of ranges)
          assert.deepEqual(
            [at(r.block).frameStart[r.firstFrame], at(r.block).frameStart[r.endFrame]! - r.offset],
            [r.offset, r.length],
          )
      }),
    )
  })
})
