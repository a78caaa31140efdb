import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ERROR_CODES } from '../../core/errors.ts'
import { EXIT_MEANING, exitCodes } from './exit-codes.ts'

describe('exitCodes', () => {
  it('is the table that the documentation promises', () => {
    assert.deepEqual(exitCodes, {
      internal: 1,
      invalid: 2,
      'not-found': 3,
      unauthenticated: 4,
      denied: 5,
      conflict: 6,
      integrity: 7,
      unavailable: 8,
      partial: 9,
      cancelled: 130,
      'too-large': 1,
      'no-space': 1,
      source: 1,
    })
  })

  it('has an explained exit code for every error', () => {
    for (const code of ERROR_CODES) assert.ok(EXIT_MEANING[exitCodes[code]], code)
  })
})
