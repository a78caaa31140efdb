import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Code, ConnectError } from '@connectrpc/connect'
import { AetherError, ERROR_CODES } from '../core/errors.ts'
import { fromConnectError, toConnectError } from './connect-error.ts'

describe('toConnectError and fromConnectError', () => {
  it('give back every error as it was', () => {
    for (const code of ERROR_CODES) {
      const error = new AetherError(code, 'What happened', { hint: 'What to do', detail: { digest: 'abc' } })
      const back = fromConnectError(toConnectError(error, 'id'))
      assert.deepEqual(
        [back.code, back.message, back.hint, back.detail],
        [code, error.message, error.hint, error.detail],
      )
    }
  })

  it('leave out a hint that is not there', () => {
    assert.equal(fromConnectError(toConnectError(new AetherError('denied', 'x'), 'id')).hint, undefined)
  })

  it('make sense of errors without our detail', () => {
    const { code, message } = fromConnectError(new ConnectError('proxy says no', Code.PermissionDenied))
    assert.deepEqual([code, message], ['denied', 'proxy says no'])
    assert.equal(fromConnectError(new Error('x')).code, 'internal')
  })
})
