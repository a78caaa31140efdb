import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createChunker, MAX_CHUNK, MIN_CHUNK } from './chunker.ts'
import { sampleBytes } from './sample.fixture.ts'

/** Lengths of the chunks when the bytes arrive in pieces of these sizes, over and over. */
function chunkLengths(bytes: Uint8Array, pieces: number[]): number[] {
  const chunker = createChunker()
  const lengths: number[] = []
  let begun = 0
  let at = 0
  for (let i = 0; at < bytes.length; i++) {
    let piece = bytes.subarray(at, at + pieces[i % pieces.length]!)
    at += piece.length
    while (piece.length > 0) {
      const cut = chunker.nextCut(piece)
      begun += cut < 0 ? piece.length : cut
      if (cut >= 0) {
        lengths.push(begun)
        begun = 0
      }
      piece = piece.subarray(cut < 0 ? piece.length : cut)
    }
  }
  return begun > 0 ? [...lengths, begun] : lengths
}

describe('createChunker', () => {
  const sample = sampleBytes(3_000_000, 'chunker')

  it('cuts at the same places however the bytes arrive', () => {
    const whole = chunkLengths(sample, [sample.length])
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 300_000 }), { minLength: 1, maxLength: 5 }), (pieces) => {
        fc.pre(pieces.some((size) => size > 500)) // single bytes are tried below, once: they take long
        assert.deepEqual(chunkLengths(sample, pieces), whole)
      }),
      { numRuns: 30 },
    )
    assert.deepEqual(
      chunkLengths(sample.subarray(0, 400_000), [1]),
      chunkLengths(sample.subarray(0, 400_000), [400_000]),
    )
  })

  it('keeps to the bounds and comes close to the mean', () => {
    const lengths = chunkLengths(sampleBytes(20_000_000, 'mean'), [1 << 20])
    assert.ok(lengths.slice(0, -1).every((length) => length >= MIN_CHUNK && length <= MAX_CHUNK))
    const mean = lengths.reduce((a, b) => a + b) / lengths.length
    assert.ok(mean > 56 * 1024 && mean < 72 * 1024, `mean ${mean}`)
  })

  it('cuts after the longest length where the bytes never ask for a cut', () => {
    assert.deepEqual(chunkLengths(Buffer.alloc(MAX_CHUNK * 2 + 5, 7), [70_000]), [MAX_CHUNK, MAX_CHUNK, 5])
  })

  it('finds its old cuts again behind an inserted byte', () => {
    const before = chunkLengths(sample, [sample.length])
    const after = chunkLengths(Buffer.concat([Buffer.from('x'), sample]), [sample.length + 1])
    assert.deepEqual(after.slice(-30), before.slice(-30))
  })
})
