import assert from 'node:assert/strict'
import { AetherError, type ErrorCode } from '../../src/core/errors.ts'

/** For assert.rejects: an AetherError with this code and these words, and not some other failure that looks like it. */
export function fails(code: ErrorCode, words: RegExp = /./) {
  return (error: unknown): true => {
    assert.ok(error instanceof AetherError, `not an AetherError: ${error instanceof Error ? error.stack : error}`)
    assert.equal(error.code, code, error.message)
    assert.match(error.message, words)
    return true
  }
}

/** The code of what a promise is rejected with; "done" when it is not. */
export async function codeOf(promise: Promise<unknown>): Promise<ErrorCode | 'done'> {
  try {
    await promise
    return 'done'
  } catch (error) {
    assert.ok(error instanceof AetherError, `not an AetherError: ${error instanceof Error ? error.stack : error}`)
    return error.code
  }
}
