import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { BlockInfo } from '../../core/block.ts'
import { type BlockId, sha256Hex } from '../../core/id.ts'
import { createGrowingWindows } from './growing-windows.ts'

const MiB = 1024 * 1024
const KiB = 1024

function blockOf(size: number) {
  const bytes = Buffer.from(Uint32Array.from({ length: size / 4 }, (_, i) => i * 2654435761).buffer)
  const block: BlockInfo = { id: sha256Hex(bytes) as BlockId, size, tailSize: 100, tailHash: '' }
  const reads: number[] = []
  const fetch = createGrowingWindows(async (_, { offset, length }) => {
    reads.push(length)
    return bytes.subarray(offset, offset + length)
  })
  return { bytes, block, fetch, reads }
}

describe('createGrowingWindows', () => {
  it('gives the bytes that a plain read would give', async () => {
    const { bytes, block, fetch } = blockOf(20 * MiB)
    const range = fc
      .tuple(fc.nat(block.size - 1), fc.integer({ min: 1, max: 300 * KiB }))
      .map(([offset, length]) => ({ offset, length: Math.min(length, block.size - offset) }))
    await fc.assert(
      fc.asyncProperty(range, async ({ offset, length }) => {
        assert.ok(bytes.subarray(offset, offset + length).equals(await fetch(block, { offset, length })))
      }),
      { numRuns: 200 },
    )
  })

  it('reads ever more at once when frames are read in order, and each byte once', async () => {
    const { block, fetch, reads } = blockOf(20 * MiB)
    for (let offset = 0; offset + 128 * KiB < block.size; offset += 128 * KiB)
      await fetch(block, { offset, length: 128 * KiB })
    assert.ok(reads.length <= 10, String(reads))
    assert.equal(
      reads.reduce((sum, length) => sum + length, 0),
      block.size,
    )
  })

  it('reads little where reads lie apart', async () => {
    const { block, fetch, reads } = blockOf(20 * MiB)
    for (let offset = 0; offset < 19 * MiB; offset += 2 * MiB) await fetch(block, { offset, length: 64 * KiB })
    assert.deepEqual(new Set(reads), new Set([256 * KiB]))
  })

  it('tells of a block that is shorter than its record says', async () => {
    const { block, fetch } = blockOf(MiB)
    const longer = { ...block, size: 4 * MiB }
    await assert.rejects(fetch(longer, { offset: MiB - 10, length: 20 }), { code: 'integrity', message: /shorter/ })
  })

  it('tries again what has failed', async () => {
    const { bytes, block } = blockOf(MiB)
    let fails = true
    const fetch = createGrowingWindows(async (_, { offset, length }) => {
      if (fails) throw new Error('away')
      return bytes.subarray(offset, offset + length)
    })
    await assert.rejects(fetch(block, { offset: 0, length: 10 }), /away/)
    fails = false
    assert.equal((await fetch(block, { offset: 0, length: 10 })).length, 10)
  })
})
