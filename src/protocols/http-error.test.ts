import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AetherError, ERROR_CODES } from '../core/errors.ts'
import { HttpError, httpAnswerTo, publicError } from './http-error.ts'

describe('httpAnswerTo', () => {
  it('has a status for every code', () => {
    const statuses = ERROR_CODES.map((code) => httpAnswerTo(new AetherError(code, 'x')).status)
    assert.deepEqual(statuses, [500, 400, 404, 401, 403, 409, 502, 503, 500, 499, 413, 507, 400])
  })

  it('tells when to come back and how to log in', () => {
    assert.ok(httpAnswerTo(new AetherError('unavailable', 'x')).headers['retry-after'])
    assert.match(httpAnswerTo(new AetherError('unauthenticated', 'x')).headers['www-authenticate']!, /^Bearer/)
  })

  it('tells to come back when the store wants it', () => {
    const away = (retryAfterMs: string) => new AetherError('unavailable', 'x', { detail: { retryAfterMs } })
    const answers = ['5000', '1', '1001', 'soon'].map((text) => httpAnswerTo(away(text)).headers['retry-after'])
    assert.deepEqual(answers, ['5', '1', '2', '2'])
  })

  it('prefers the status that an error brings along', () => {
    assert.equal(httpAnswerTo(new HttpError(411, 'invalid', 'x')).status, 411)
  })
})

describe('publicError', () => {
  it('keeps what we do not understand to ourselves', () => {
    const secret = Object.assign(new Error('open /etc/secret'), { code: 'EACCES' })
    for (const cause of [secret, new TypeError('x is undefined'), new AetherError('internal', 'secret'), 'secret']) {
      const error = publicError(cause, 'id-7')
      assert.equal(error.code, 'internal')
      assert.match(error.message, /id-7/)
      assert.doesNotMatch(JSON.stringify([error.message, error.hint, error.detail]), /secret|undefined/)
    }
  })

  it('does not name the file that did not fit on the disk', () => {
    const error = publicError(Object.assign(new Error('ENOSPC: /data/blocks'), { code: 'ENOSPC' }), 'id')
    assert.equal(error.code, 'no-space')
    assert.doesNotMatch(error.message, /data/)
  })

  it('does not say of a whole request what the store said of one call', () => {
    const detail = { undone: 'true', retryAfterMs: '7' }
    const error = publicError(new AetherError('unavailable', 'x', { detail }), 'id')
    assert.deepEqual([error.code, error.detail], ['unavailable', { retryAfterMs: '7' }])
  })

  it('leaves errors that we explain as they are', () => {
    const error = new AetherError('conflict', 'x', { detail: { digest: 'y' } })
    assert.equal(publicError(error, 'id'), error)
  })
})
