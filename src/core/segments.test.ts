import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { segmentsOf } from './segments.ts'

describe('segmentsOf', () => {
  const found = (sizes: number[]) => [...segmentsOf(sizes)]
  it('joins small neighbours and keeps large files alone', () => {
    assert.deepEqual(found([5, 0, 7, 32_768, 40_000, 1, 0]), [
      { number: 0, first: 0, end: 3, length: 12 },
      { number: 1, first: 3, end: 4, length: 32_768 },
      { number: 2, first: 4, end: 5, length: 40_000 },
      { number: 3, first: 5, end: 6, length: 1 },
    ])
  })
  it('begins and ends where there are bytes', () => {
    assert.deepEqual(found([0, 32_768, 0, 1, 0, 1, 0, 32_768, 0]), [
      { number: 0, first: 1, end: 2, length: 32_768 },
      { number: 1, first: 3, end: 6, length: 2 },
      { number: 2, first: 7, end: 8, length: 32_768 },
    ])
  })
  it('has none where there are no bytes', () => assert.deepEqual(found([0, 0]), []))
})
