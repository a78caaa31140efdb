import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createBufferShelf } from './buffer-shelf.ts'

const MIB = 1024 * 1024

describe('createBufferShelf', () => {
  it('gives the smallest buffer again that is large enough', () => {
    const shelf = createBufferShelf(4)
    const [small, large] = [shelf.take(10), shelf.take(MIB + 1)]
    assert.deepEqual([small.length, large.length], [MIB, 2 * MIB])
    shelf.give(large.subarray(5, 9))
    shelf.give(small)
    assert.equal(shelf.take(MIB).buffer, small.buffer)
    assert.equal(shelf.take(MIB).buffer, large.buffer)
    assert.notEqual(shelf.take(MIB).buffer, large.buffer)
  })

  it('keeps no more than it may, and nothing that has moved to another thread', () => {
    const shelf = createBufferShelf(1)
    const [first, second, moved] = [shelf.take(1), shelf.take(1), shelf.take(1)]
    shelf.give(first)
    shelf.give(second)
    structuredClone(moved.buffer, { transfer: [moved.buffer] })
    shelf.give(moved)
    assert.equal(shelf.take(1).buffer, second.buffer)
    assert.notEqual(shelf.take(1).buffer, first.buffer)
  })
})
