import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseRetryAfter } from './retry-after.ts'

describe('parseRetryAfter', () => {
  it('reads seconds and dates', () => {
    const now = Date.parse('2026-11-22T10:00:00Z')
    const parsed = ['7', '0', 'Sun, 22 Nov 2026 10:00:09 GMT', 'Sun, 22 Nov 2026 09:00:00 GMT'].map((text) =>
      parseRetryAfter(text, now),
    )
    assert.deepEqual(parsed, [7000, 0, 9000, 0])
  })

  it('takes anything else for nothing', () => {
    for (const text of [undefined, '', 'soon', '-1x', '9'.repeat(400)]) assert.equal(parseRetryAfter(text), undefined)
  })
})
