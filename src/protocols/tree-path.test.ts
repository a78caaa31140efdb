import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { decodeTreePath } from './tree-path.ts'

describe('decodeTreePath', () => {
  it('gives decoded parts, without a slash at the end', () => {
    for (const raw of ['', '/']) assert.deepEqual(decodeTreePath(raw), [])
    for (const raw of ['geo/v1', '/geo/v1/']) assert.deepEqual(decodeTreePath(raw), ['geo', 'v1'])
    assert.deepEqual(decodeTreePath('/a%20b/%C3%BC+%2B%23/@x/%5C%01'), ['a b', 'ü++#', '@x', '\\\u0001'])
  })

  it('refuses what no file is called', () => {
    for (const raw of ['a//b', '//a', '.', 'a/..', '%2e', 'a/%2E%2e/b', 'a%2fb', '%00', '%', '%f', '%ff', '%zz'])
      assert.throws(() => decodeTreePath(raw), { code: 'invalid' }, raw)
  })

  it('refuses paths that are too long, before it takes them apart', () => {
    assert.equal(decodeTreePath(`/${'a/'.repeat(2000)}`).length, 2000)
    for (const raw of ['a'.repeat(5000), '%41'.repeat(5000), '/'.repeat(1e6)])
      assert.throws(() => decodeTreePath(raw), { code: 'too-large' })
  })
})
