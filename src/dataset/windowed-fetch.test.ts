import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { BlockInfo } from '../core/block.ts'
import { type BlockId, sha256Hex } from '../core/id.ts'
import { keys } from '../storage/keys.ts'
import { createMemoryStorage } from '../storage/memory.ts'
import { createWindowedFetch } from './windowed-fetch.ts'

const MiB = 1024 * 1024

async function blockOf(size: number) {
  const bytes = Buffer.from(Uint32Array.from({ length: size / 4 }, (_, i) => i * 2654435761).buffer)
  const block: BlockInfo = { id: sha256Hex(bytes) as BlockId, size, tailSize: 100, tailHash: '' }
  const storage = createMemoryStorage()
  await storage.put(keys.block(block.id), bytes)
  let reads = 0
  const fetch = createWindowedFetch(async ({ id }, range) => {
    reads++
    return (await storage.get(keys.block(id), { range })).bytes
  })
  return { bytes, block, fetch, reads: () => reads }
}

describe('createWindowedFetch', () => {
  it('gives the bytes that a plain read would give', async () => {
    const { bytes, block, fetch } = await blockOf(9 * MiB)
    const range = fc
      .tuple(fc.nat(block.size - 1), fc.integer({ min: 1, max: 3 * MiB }))
      .map(([offset, length]) => ({ offset, length: Math.min(length, block.size - offset) }))
    await fc.assert(
      fc.asyncProperty(range, async ({ offset, length }) => {
        assert.ok(bytes.subarray(offset, offset + length).equals(await fetch(block, { offset, length })))
      }),
      { numRuns: 30 },
    )
  })

  it('reads each window once when frames are read in order, also several at a time', async () => {
    const { block, fetch, reads } = await blockOf(8 * MiB)
    const step = 64 * 1024
    for (let offset = 0; offset + 4 * step < block.size; offset += 4 * step)
      await Promise.all([0, 1, 2, 3].map((i) => fetch(block, { offset: offset + i * step, length: step })))
    assert.equal(reads(), 4)
  })

  it('tells of a block that is shorter than its record says', async () => {
    const { block, fetch } = await blockOf(MiB)
    const longer = { ...block, size: 4 * MiB }
    await assert.rejects(fetch(longer, { offset: MiB - 10, length: 20 }), { code: 'integrity', message: /shorter/ })
    await assert.rejects(fetch(block, { offset: MiB - 10, length: 20 }), { code: 'integrity' })
  })
})
