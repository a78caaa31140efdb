import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseMountTarget, targetName } from './mount-target.ts'

const DIGEST = `sha256:${'ab'.repeat(32)}`
const name = (text: string) => targetName(parseMountTarget(text), 'hub:1')

describe('parseMountTarget', () => {
  it('follows channels, and nothing that stays', () => {
    assert.equal(parseMountTarget('geo').kind, 'channel')
    assert.equal(parseMountTarget('@team/geo:stable').kind, 'channel')
    assert.equal(parseMountTarget('geo:v1.2').kind, 'snapshot')
    assert.equal(parseMountTarget(`geo:latest@${DIGEST}`).kind, 'snapshot')
  })

  it('reads where all datasets are', () => {
    assert.deepEqual(parseMountTarget('/'), { kind: 'datasets', host: undefined, path: [] })
    assert.deepEqual(parseMountTarget('@team/'), { kind: 'datasets', host: undefined, path: ['@team'] })
    assert.deepEqual(parseMountTarget('hub.example.com/'), { kind: 'datasets', host: 'hub.example.com', path: [] })
    assert.deepEqual(parseMountTarget('[::1]:80/@a/'), { kind: 'datasets', host: '[::1]:80', path: ['@a'] })
  })

  it('refuses what is no reference', () => {
    for (const text of ['', 'a/b', 'host/x/', '//', '@/', 'geo:', '@A/', 'geo@sha256:12'])
      assert.throws(() => parseMountTarget(text), { code: 'invalid' }, text)
  })
})

describe('targetName', () => {
  it('is the reference in full', () => {
    assert.equal(name('geo'), 'hub:1/geo:latest')
    assert.equal(name(`other.org/geo@${DIGEST}`), `other.org/geo@${DIGEST}`)
    assert.equal(name('/'), 'hub:1/')
    assert.equal(name('other.org/@team/'), 'other.org/@team/')
  })
})
