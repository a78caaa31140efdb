import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { httpDate, isoDate } from './http-date.ts'

describe('dates', () => {
  it('are written as HTTP and XML have them', () => {
    assert.equal(httpDate(784_111_777_123_456), 'Sun, 06 Nov 1994 08:49:37 GMT')
    assert.equal(isoDate(784_111_777_123_456), '1994-11-06T08:49:37.123Z')
    assert.equal(isoDate(-1), '1969-12-31T23:59:59.999Z')
  })

  it('are left out for years that have no four digits', () => {
    for (const micros of [-63e15, 254e15, Number.MAX_SAFE_INTEGER * 1000])
      assert.deepEqual([httpDate(micros), isoDate(micros)], [undefined, undefined])
    assert.equal(isoDate(253_402_300_799_999_000), '9999-12-31T23:59:59.999Z')
  })
})
