import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parsePropfind } from './propfind-request.ts'

const parse = (text: string) => parsePropfind(Buffer.from(text))
const propfind = (inner: string) => parse(`<propfind xmlns="DAV:" xmlns:x="urn:x">${inner}</propfind>`)

describe('parsePropfind', () => {
  it('takes no body for all properties', () => {
    assert.deepEqual(parse(''), { kind: 'all', others: [] })
    assert.deepEqual(propfind('<allprop/>'), { kind: 'all', others: [] })
  })

  it('knows names alone, and some properties', () => {
    assert.deepEqual(propfind('<propname/>'), { kind: 'names' })
    const names = [
      { namespace: 'DAV:', name: 'getetag' },
      { namespace: 'urn:x', name: 'y' },
      { namespace: '', name: 'bare' },
    ]
    assert.deepEqual(propfind('<prop><getetag/><x:y/><getetag/><bare xmlns=""/></prop>'), { kind: 'some', names })
    assert.deepEqual(propfind('<prop/>'), { kind: 'some', names: [] })
  })

  it('adds what "include" names and there is not', () => {
    const others = [{ namespace: 'urn:x', name: 'y' }]
    assert.deepEqual(propfind('<allprop/><include><getetag/><x:y/></include>'), { kind: 'all', others })
  })

  it('passes over elements that it does not know', () => {
    assert.deepEqual(propfind('<x:new><prop/></x:new><propname/>'), { kind: 'names' })
  })

  it('refuses other roots, none of the three forms, and two of them', () => {
    assert.throws(() => parse('<propfind><allprop/></propfind>'), /root/)
    assert.throws(() => parse('<x xmlns="DAV:"/>'), /root/)
    for (const inner of ['', '<x:prop/>', '<prop/><allprop/>', '<prop/><prop/>'])
      assert.throws(() => propfind(inner), /one of/, inner)
  })

  it('refuses more properties than anybody needs', () => {
    const many = Array.from({ length: 300 }, (_, i) => `<x:p${i}/>`).join('')
    assert.throws(() => propfind(`<prop>${many}</prop>`), /At most 256/)
  })
})
