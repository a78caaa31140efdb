import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createBufferShelf } from './buffer-shelf.ts'

const KIB = 1024
const lengths = (buffers: Uint8Array[]) => buffers.map(({ length }) => length / KIB)

describe('createBufferShelf', () => {
  it('gives the smallest buffer again that is large enough, and none that is far too large', () => {
    const shelf = createBufferShelf(1024 * KIB)
    const [small, large] = [shelf.take(65 * KIB), shelf.take(200 * KIB)]
    assert.deepEqual(lengths([small, large]), [128, 256])
    shelf.give(large.subarray(5, 9))
    assert.deepEqual(lengths([shelf.take(10)]), [64])
    shelf.give(small)
    assert.equal(shelf.take(128 * KIB).buffer, small.buffer)
    assert.equal(shelf.take(128 * KIB).buffer, large.buffer)
    assert.notEqual(shelf.take(128 * KIB).buffer, large.buffer)
  })

  it('keeps no more bytes than it may, and nothing that has moved to another thread', () => {
    const shelf = createBufferShelf(128 * KIB)
    const [first, second, third, moved] = [shelf.take(1), shelf.take(1), shelf.take(1), shelf.take(1)]
    for (const buffer of [first, second, third]) shelf.give(buffer)
    structuredClone(moved.buffer, { transfer: [moved.buffer] })
    shelf.give(moved)
    assert.equal(first.length, 0)
    assert.equal(shelf.take(1).buffer, second.buffer)
    assert.equal(shelf.take(1).buffer, third.buffer)
    assert.equal(shelf.take(1).length, 64 * KIB)
  })
})
