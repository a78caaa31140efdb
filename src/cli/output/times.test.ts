import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formatAge, formatMinute, formatWhen, toTimestamp } from './times.ts'

process.env.TZ = 'UTC'
const NOW = Date.UTC(2026, 10, 22, 10)
const ago = (seconds: number) => formatAge((NOW - seconds * 1000) * 1000, NOW)

describe('formatAge', () => {
  it('tells how long ago', () => {
    const texts = [0, 1, 59, 60, 7200, 86_400 * 3, 86_400 * 20, 86_400 * 70, 86_400 * 800].map(ago)
    const expected = [
      'just now',
      '1 second ago',
      '59 seconds ago',
      '1 minute ago',
      '2 hours ago',
      '3 days ago',
      '2 weeks ago',
      '2 months ago',
      '2 years ago',
    ]
    assert.deepEqual(texts, expected)
  })

  it('knows the future, which clocks that differ make', () => {
    assert.equal(ago(-90), 'in 1 minute')
  })
})

describe('formatWhen', () => {
  it('is relative and absolute', () => {
    assert.equal(formatWhen((NOW - 3600_000) * 1000, NOW), '1 hour ago (2026-11-22 09:00)')
    assert.equal(formatMinute(0), '1970-01-01 00:00')
  })
})

describe('toTimestamp', () => {
  it('keeps microseconds', () => {
    assert.equal(toTimestamp(NOW * 1000 + 123_456), '2026-11-22T10:00:00.123456Z')
    assert.equal(toTimestamp(-1), '1969-12-31T23:59:59.999999Z')
  })
})
