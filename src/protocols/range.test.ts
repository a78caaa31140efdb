import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseRange } from './range.ts'

describe('parseRange', () => {
  it('reads ranges with and without an end, and suffixes', () => {
    assert.deepEqual(parseRange('bytes=0-0', 10), { offset: 0, length: 1 })
    assert.deepEqual(parseRange('bytes=2-5', 10), { offset: 2, length: 4 })
    assert.deepEqual(parseRange('Bytes= 2-', 10), { offset: 2, length: 8 })
    assert.deepEqual(parseRange('bytes=-3', 10), { offset: 7, length: 3 })
  })

  it('cuts off what lies behind the end', () => {
    assert.deepEqual(parseRange('bytes=8-99', 10), { offset: 8, length: 2 })
    assert.deepEqual(parseRange('bytes=-99', 10), { offset: 0, length: 10 })
    assert.deepEqual(parseRange(`bytes=1-${'9'.repeat(400)}`, 10), { offset: 1, length: 9 })
  })

  it('tells when there is nothing in the range', () => {
    for (const range of ['bytes=10-', 'bytes=10-12', 'bytes=-0', `bytes=${'9'.repeat(400)}-`])
      assert.equal(parseRange(range, 10), 'unsatisfiable', range)
    assert.equal(parseRange('bytes=0-', 0), 'unsatisfiable')
    assert.equal(parseRange('bytes=-1', 0), 'unsatisfiable')
  })

  it('takes what it does not know for no range at all', () => {
    const others = [
      undefined,
      '',
      'bytes',
      'bytes=',
      'bytes=-',
      'bytes=5-2',
      'bytes=0-1,3-4',
      'items=0-1',
      'bytes=a-b',
      'bytes=0x1-2',
      'bytes=1--2',
    ]
    for (const range of others) assert.equal(parseRange(range, 10), undefined)
  })
})
