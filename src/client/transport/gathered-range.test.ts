import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createGatheredRange } from './gathered-range.ts'

describe('createGatheredRange', () => {
  it('asks for what is missing, and for nothing else', () => {
    const range = createGatheredRange({ offset: 100, length: 10 })
    assert.equal(range.header(), 'bytes=100-109')
    range.take(Buffer.from('abc'))
    assert.equal(range.header(), 'bytes=103-109')
    assert.deepEqual(
      ['bytes 103-109/500', 'bytes 100-109/500', undefined].map((text) => range.fits(text)),
      [true, false, false],
    )
    range.take(Buffer.from('defghij'))
    assert.equal(Buffer.from(range.bytes()).toString(), 'abcdefghij')
  })

  it('takes no more than was asked for', () => {
    const range = createGatheredRange({ offset: 0, length: 4 })
    range.take(Buffer.from('abc'))
    assert.throws(() => range.take(Buffer.from('de')), { code: 'integrity', message: /more than the 4 bytes/ })
  })
})
