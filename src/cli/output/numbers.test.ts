import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { countOf, formatBytes, formatCount, formatDuration, formatShare } from './numbers.ts'

describe('formatBytes', () => {
  it('counts in binary units', () => {
    const cases: [number, string][] = [
      [0, '0 B'],
      [1023, '1023 B'],
      [1024, '1.0 KiB'],
      [1024 ** 2 - 1, '1.0 MiB'],
      [3_565_158, '3.4 MiB'],
      [1024 ** 3, '1.0 GiB'],
      [-2048, '-2.0 KiB'],
      [2 ** 60, '1024.0 PiB'],
    ]
    for (const [bytes, text] of cases) assert.equal(formatBytes(bytes), text)
  })
})

describe('formatCount', () => {
  it('parts thousands', () => {
    assert.deepEqual([7, 999, 1000, 20_004, 1_234_567].map(formatCount), ['7', '999', '1,000', '20,004', '1,234,567'])
  })
})

describe('countOf', () => {
  it('knows one from many', () => {
    assert.deepEqual([countOf(1, 'file'), countOf(2, 'entry', 'entries')], ['1 file', '2 entries'])
  })
})

describe('formatShare', () => {
  it('rounds nothing away', () => {
    const shares = [
      formatShare(3, 1000),
      formatShare(1, 1e6),
      formatShare(0, 5),
      formatShare(5, 5),
      formatShare(9999, 10_000),
      formatShare(1, 0),
    ]
    assert.deepEqual(shares, ['0.3 %', '< 0.1 %', '0 %', '100 %', '> 99.9 %', '0 %'])
  })
})

describe('formatDuration', () => {
  it('grows coarser', () => {
    const texts = [40, 1234, 9960, 59_400, 200_000, 7_500_000].map(formatDuration)
    assert.deepEqual(texts, ['0.0 s', '1.2 s', '10 s', '59 s', '3 min 20 s', '2 h 5 min'])
  })
})
