import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { segmentsOf } from './segments.ts'

describe('segmentsOf', () => {
  const sizes = (list: number[]) =>
    [...segmentsOf(list.map((size) => ({ size })))].map((s) => [s.offset, s.length, s.files.length])
  it('joins small neighbours and keeps large files alone', () => {
    assert.deepEqual(sizes([5, 0, 7, 32_768, 40_000, 1, 0]), [
      [0, 12, 2],
      [12, 32_768, 1],
      [32_780, 40_000, 1],
      [72_780, 1, 1],
    ])
  })
  it('has none where there are no bytes', () => assert.deepEqual(sizes([0, 0]), []))
})
