import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { xmlText } from './xml-text.ts'

describe('xmlText', () => {
  it('escapes what has a meaning in XML', () => {
    assert.equal(xmlText(`<a b="c">&'`), "&lt;a b=&quot;c&quot;&gt;&amp;'")
    assert.equal(xmlText('\t\n\r'), '&#9;&#10;&#13;')
    assert.equal(xmlText('Zürich 日本 😀'), 'Zürich 日本 😀')
  })

  it('replaces what XML cannot write, or writes it as S3 does', () => {
    assert.equal(xmlText('\0\u0001\u001f\ufffe\ud800'), '\ufffd'.repeat(5))
    assert.equal(xmlText('\u0001\ufffe', { keepControls: true }), '&#1;&#65534;')
  })
})
