import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type ChunkId, sha256Hex } from '../../core/id.ts'
import { createChunkTable } from './chunk-table.ts'

const id = (n: number) => sha256Hex(`chunk ${n}`) as ChunkId

describe('chunk table', () => {
  it('remembers the first place of every chunk that is wanted, also when it grows', () => {
    const table = createChunkTable()
    for (let n = 0; n < 10_000; n++) table.want(id(n))
    for (let n = 0; n < 10_000; n += 2) assert.equal(table.place(id(n), n * 1e9), true)
    for (let n = 10_000; n < 20_000; n++) table.want(id(n))
    assert.equal(table.size, 20_000)
    for (let n = 0; n < 10_000; n++) assert.equal(table.placeOf(id(n)), n % 2 === 0 ? n * 1e9 : -1)
    assert.equal(table.place(id(0), 5), false)
    assert.equal(table.placeOf(id(0)), 0)
  })

  it('takes no place of a chunk that is not wanted, and forgets places', () => {
    const table = createChunkTable()
    table.want(id(1))
    table.want(id(1))
    assert.equal(table.size, 1)
    assert.equal(table.place(id(2), 7), false)
    assert.equal(table.placeOf(id(2)), -1)
    table.place(id(1), 7)
    table.forget(id(1))
    table.forget(id(2))
    assert.deepEqual([table.placeOf(id(1)), table.placeOf(id(2))], [-1, -1])
    assert.equal(table.place(id(1), 8), true)
  })

  it('tells ids apart that begin alike', () => {
    const table = createChunkTable()
    const ids = ['0', '1', '2'].map((digit) => `${'ab'.repeat(11)}a${digit}${'0'.repeat(40)}` as ChunkId)
    for (const one of ids) table.want(one)
    for (const [n, one] of ids.entries()) table.place(one, n)
    assert.deepEqual(
      ids.map((one) => table.placeOf(one)),
      [0, 1, 2],
    )
  })
})
