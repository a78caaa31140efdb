import assert from 'node:assert/strict'
import { constants } from 'node:os'
import { describe, it } from 'node:test'
import { AetherError, systemCode, toAetherError } from './errors.ts'

function systemError(code: string, more = {}) {
  return Object.assign(new Error(`${code}: refused, write`), { code, syscall: 'write', ...more })
}

/** As Node makes them of what it has no name for. */
function unnamed(errno: number) {
  const code = `Unknown system error -${errno}`
  return Object.assign(new Error(`${code}: ${code}, mkdir '/a'`), { code, errno: -errno, syscall: 'mkdir', path: '/a' })
}

describe('toAetherError', () => {
  it('says of a refusal of the operating system what it means and what to do', () => {
    for (const [code, words] of [
      ['ENOSPC', /^The disk is full: ENOSPC/],
      ['EIO', /^The disk failed: EIO/],
      ['EROFS', /^The file system is read-only: EROFS/],
      ['EACCES', /^The operating system does not permit it: EACCES/],
      ['EMFILE', /^Too many files are open: EMFILE/],
    ] as const) {
      const { message, hint } = toAetherError(systemError(code))
      assert.match(message, words)
      assert.ok(hint)
    }
  })

  it('names the place when the system does not', () => {
    const place = '/var/datasets'
    assert.equal(toAetherError(systemError('EIO'), place).message, `The disk failed: "${place}": EIO: refused, write`)
    assert.equal(toAetherError(systemError('ENOTDIR'), place).message, `"${place}": ENOTDIR: refused, write`)
    assert.equal(
      toAetherError(systemError('EIO', { path: '/a' }), place).message,
      'The disk failed: EIO: refused, write',
    )
    assert.equal(toAetherError(new TypeError('x is not a function'), place).message, 'x is not a function')
  })

  it('knows a full quota, for which Node has no name', () => {
    const error = unnamed(constants.errno.EDQUOT)
    assert.equal(systemCode(error), 'EDQUOT')
    const { code, message } = toAetherError(error)
    assert.deepEqual([code, message], ['no-space', "The disk is full: EDQUOT: disk quota exceeded, mkdir '/a'"])
    assert.equal(systemCode(unnamed(constants.errno.ESTALE)), 'ESTALE')
    assert.equal(toAetherError(unnamed(9999)).message, unnamed(9999).message)
  })

  it('leaves an error that has a code as it is', () => {
    const error = new AetherError('conflict', 'The tag moved')
    assert.equal(toAetherError(error, '/a'), error)
  })
})
