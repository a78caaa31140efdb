import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { evaluate, rangeHolds } from './conditions.ts'

const ETAG = '"abc"'

describe('evaluate', () => {
  it('goes on without conditions and when they hold', () => {
    for (const headers of [
      {},
      { 'if-none-match': '"x", "y"' },
      { 'if-match': ETAG },
      { 'if-match': '*' },
      { 'if-match': '"x", "abc"' },
    ]) {
      assert.equal(evaluate(headers, ETAG), 'proceed')
    }
  })

  it('finds out that the client has the bytes, compared weakly', () => {
    for (const list of [ETAG, `W/${ETAG}`, '"x" ,W/"abc"', '*'])
      assert.equal(evaluate({ 'if-none-match': list }, ETAG), 'not-modified', list)
  })

  it('finds out that there are other bytes than asked for, compared strongly', () => {
    for (const list of ['"x"', `W/${ETAG}`]) assert.equal(evaluate({ 'if-match': list }, ETAG), 'failed', list)
  })
})

describe('dates of conditions', () => {
  const modified = new Date('1994-11-06T08:49:37Z')
  const same = ['Sun, 06 Nov 1994 08:49:37 GMT', 'Sunday, 06-Nov-94 08:49:37 GMT', 'Sun Nov  6 08:49:37 1994']

  it('are read in all three forms', () => {
    for (const date of same) {
      assert.equal(evaluate({ 'if-modified-since': date }, ETAG, modified), 'not-modified', date)
      assert.equal(evaluate({ 'if-unmodified-since': date }, ETAG, modified), 'proceed', date)
      assert.ok(rangeHolds({ 'if-range': date }, ETAG, modified), date)
    }
  })

  it('are left alone when they are none, or nothing has a date here', () => {
    for (const date of [
      '',
      'now',
      '1994-11-06T08:49:37Z',
      '784111777',
      'Sun, 06 Nov 1994 08:49:37 PST',
      'Sun, 99 Nov 1994 08:49:37 GMT',
    ])
      for (const name of ['if-modified-since', 'if-unmodified-since'])
        assert.equal(evaluate({ [name]: date }, ETAG, modified), 'proceed', date)
    assert.equal(evaluate({ 'if-modified-since': same[0] }, ETAG), 'proceed')
  })
})

describe('rangeHolds', () => {
  it('holds without If-Range and for the same strong tag only', () => {
    assert.ok(rangeHolds({}, ETAG))
    assert.ok(rangeHolds({ 'if-range': ETAG }, ETAG))
    for (const condition of ['"x"', `W/${ETAG}`, 'Mon, 23 Nov 2026 12:00:00 GMT'])
      assert.ok(!rangeHolds({ 'if-range': condition }, ETAG))
  })
})
