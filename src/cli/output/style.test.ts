import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { COLOURED, chooseStyle, PLAIN } from './style.ts'

describe('chooseStyle', () => {
  it('colours on terminals only, and not when NO_COLOR says so', () => {
    assert.equal(chooseStyle({ isTTY: true }, {}), COLOURED)
    assert.equal(chooseStyle({ isTTY: false }, {}), PLAIN)
    assert.equal(chooseStyle({ isTTY: true }, { NO_COLOR: '1' }), PLAIN)
    assert.equal(chooseStyle({ isTTY: true }, { NO_COLOR: '' }), COLOURED)
    assert.equal(chooseStyle({ isTTY: true }, { TERM: 'dumb' }), PLAIN)
  })
})
