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

describe('rangeHolds', () => {
  it('holds without If-Range and for the same strong tag only', () => {
    assert.ok(rangeHolds({}, ETAG))
    assert.ok(rangeHolds({ 'if-range': ETAG }, ETAG))
    for (const condition of ['"x"', `W/${ETAG}`, 'Mon, 23 Nov 2026 12:00:00 GMT'])
      assert.ok(!rangeHolds({ 'if-range': condition }, ETAG))
  })
})
