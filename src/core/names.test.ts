import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isVersionTag, parseDatasetName, parseTagName } from './names.ts'

describe('parseDatasetName', () => {
  for (const name of ['geo', 'a', '0', 'a.b-c_d', '@team/geo', `@${'s'.repeat(128)}/${'n'.repeat(128)}`]) {
    it(`takes ${name.slice(0, 30)}`, () => assert.equal(parseDatasetName(name), name))
  }
  const refused: [string, RegExp][] = [
    ['', /the name is empty/],
    ['Geo', /upper-case/],
    ['@/geo', /the scope is empty/],
    ['@team/', /the name is empty/],
    ['team/geo', /"name" or "@scope\/name"/],
    ['@a/b/c', /"name" or "@scope\/name"/],
    ['..', /begins and ends with a letter/],
    ['a/../b', /"name" or "@scope\/name"/],
    ['.hidden', /begins and ends/],
    ['a\0b', /may have a-z/],
    ['ä', /may have a-z/],
    ['n'.repeat(129), /over 128/],
  ]
  for (const [name, reason] of refused) {
    it(`refuses ${JSON.stringify(name.slice(0, 20))}`, () =>
      assert.throws(() => parseDatasetName(name), { code: 'invalid', message: reason }))
  }
})

describe('parseTagName', () => {
  it('takes versions and channels', () => {
    for (const tag of ['latest', 'v1.2.0+build.7', '2026.11.22', '_x', 'A', 't'.repeat(128)])
      assert.equal(parseTagName(tag), tag)
  })
  it('refuses what is no tag', () => {
    for (const tag of ['', '.', '..', '-x', 'a/b', 'a b', 'a:b', 'é', 't'.repeat(129)])
      assert.throws(() => parseTagName(tag), { code: 'invalid' })
  })
})

describe('isVersionTag', () => {
  const versions = [
    '1.2.0',
    'v1.2.0',
    'v1',
    'v1.2',
    'v0.0.0',
    '1.0.0-rc.1',
    'v1.2.0-rc.1+sha.5',
    '2026.11',
    '2026.11.22',
    '2026-11-22',
    '2026.11.22.3',
    'v2026.1.2',
  ]
  const channels = [
    'latest',
    'stable',
    'main',
    '1',
    '1.2',
    'v',
    'v1.2.3.4',
    'v01',
    '2026',
    '2026.13',
    '2026-11-32',
    'version1',
    'v1-',
    '1.2.0-',
  ]
  it('knows versions', () =>
    assert.deepEqual(
      versions.filter((tag) => !isVersionTag(parseTagName(tag))),
      [],
    ))
  it('knows channels', () =>
    assert.deepEqual(
      channels.filter((tag) => isVersionTag(parseTagName(tag))),
      [],
    ))
})
