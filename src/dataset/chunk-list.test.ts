import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type ChunkId, idAt, sha256Hex } from '../core/id.ts'
import { createChunkList } from './chunk-list.ts'

describe('createChunkList', () => {
  const idOf = (text: string) => sha256Hex(text) as ChunkId

  it('puts segments in order, and says where each ends', () => {
    const counts = fc.array(fc.nat(4), { maxLength: 10 })
    const orders = fc.array(fc.nat(9), { minLength: 10, maxLength: 10 })
    fc.assert(
      fc.property(counts, orders, (chunks, order) => {
        const list = createChunkList()
        const arriving = [...chunks.keys()].sort((a, b) => order[a]! - order[b]!)
        for (const segment of arriving) {
          for (let i = 0; i < chunks[segment]!; i++) list.add(segment, idOf(`${segment} ${i}`), 100 * segment + i)
        }
        const expected = chunks.flatMap((count, segment) =>
          Array.from({ length: count }, (_, i) => ({
            id: idOf(`${segment} ${i}`),
            length: 100 * segment + i,
            final: i === count - 1 ? 1 : 0,
          })),
        )
        const { ids, lengths, final } = list.finish()
        const found = Array.from(lengths, (length, i) => ({ id: idAt(ids, i), length, final: final[i] }))
        assert.deepEqual(found, expected)
      }),
    )
  })

  it('grows, and forgets again', () => {
    const list = createChunkList()
    for (let i = 0; i < 5000; i++) list.add(0, idOf(`${i}`), i)
    list.keep(3001)
    list.add(1, idOf('last'), 7)
    const { ids, lengths, final } = list.finish()
    assert.equal(lengths.length, 3002)
    assert.equal(idAt(ids, 3000), idOf('3000'))
    assert.equal(idAt(ids, 3001), idOf('last'))
    assert.deepEqual([...final.subarray(-3)], [0, 1, 1])
  })
})
