import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { printable, printableLines } from './printable.ts'

describe('printable', () => {
  it('shows what a terminal would act on', () => {
    assert.equal(printable('a\x1b[2J\nb\tc\x7f\u009b'), 'a\\x1b[2J\\nb\\tc\\x7f\\x9b')
    assert.equal(printable('gpj.\u202egnp'), 'gpj.\\u202egnp')
  })

  it('leaves all other text alone', () => {
    assert.equal(printable('Größe 大 🎉'), 'Größe 大 🎉')
    assert.equal(printableLines('a\nb\x07'), 'a\nb\\x07')
  })
})
