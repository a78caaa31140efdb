import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AetherError } from '../../core/errors.ts'
import { readXml, type XmlElement } from './xml-reader.ts'

const read = (text: string | Uint8Array) => readXml(Buffer.from(text as string))

/** "{namespace}name(child child)" */
function show({ namespace, name, children }: XmlElement): string {
  const inner = children.length === 0 ? '' : `(${children.map(show).join(' ')})`
  return `{${namespace}}${name}${inner}`
}

function refuses(text: string | Uint8Array, reason: RegExp): void {
  const isRefusal = (error: unknown) =>
    error instanceof AetherError && error.code === 'invalid' && reason.test(error.message)
  assert.throws(
    () => read(text),
    isRefusal,
    Buffer.from(text as string)
      .toString()
      .slice(0, 80),
  )
}

describe('readXml', () => {
  it('gives elements with their namespaces', () => {
    const text = `<?xml version="1.0" encoding="utf-8" standalone='yes' ?>
      <!-- first --><?target data?>
      <D:a xmlns:D="DAV:" xmlns="urn:one" D:x='1' x="2"><b/><c xmlns=""><d/></c><D:e xmlns:D="urn:two"/><xml:f/></D:a >
      <!-- last -->`
    const xml = '{http://www.w3.org/XML/1998/namespace}f'
    assert.equal(show(read(text)), `{DAV:}a({urn:one}b {}c({}d) {urn:two}e ${xml})`)
  })

  it('passes over text, references, CDATA and comments', () => {
    const text = '<a>text &lt;&#65;&#x1F600;&amp;<![CDATA[<no> ]] & element]]><!-- <nor> this --><b>]]</b></a>'
    assert.equal(show(read(text)), '{}a({}b)')
  })

  it('takes UTF-8 and UTF-16, with their marks', () => {
    assert.equal(show(read('\ufeff<Zürich/>')), '{}Zürich')
    const little = Buffer.from('\ufeff<日本/>', 'utf16le')
    assert.equal(show(read(little)), '{}日本')
    assert.equal(show(read(Buffer.from(little).swap16())), '{}日本')
  })

  it('refuses what is not well-formed', () => {
    for (const text of ['', ' ', '<a>', '<a', '<a><b></a>', '<a><b></a></b>', '<?xml version="1.0"?>'])
      refuses(text, /XML/)
    for (const text of ['</a>', '<a/>text', 'text<a/>', '<a/><![CDATA[]]>', '<a/><b/>', '<a/></a>'])
      refuses(text, /XML/)
    for (const text of ['<1/>', '< a/>', '<a b/>', '<a b=c/>', '<a b="<"/>', '<a b="1"c="2"/>', '<a / >'])
      refuses(text, /tag/)
    for (const text of ['<a><!-- -- --></a>', '<a><!--></a>', '<!--', '<a><![CDATA[</a>', '<?a']) refuses(text, /XML/)
    for (const text of ['<a>]]></a>', '<a>\0</a>', '<a>&#0;</a>', '<a>&#xD800;</a>', '<a>&#x110000;</a>'])
      refuses(text, /XML/)
    refuses(' <?xml version="1.0"?><a/>', /declaration/)
    refuses('<?xml version="1.0" encoding="latin1"?><a/>', /encoding/)
    refuses(Buffer.from([0x3c, 0x61, 0xff, 0x2f, 0x3e]), /UTF-8/)
  })

  it('refuses attributes that are there twice, under whatever prefix', () => {
    refuses('<a b="" b=""/>', /twice/)
    refuses('<a xmlns="x" xmlns="y"/>', /twice/)
    refuses('<a xmlns:p="x" xmlns:q="x" p:b="" q:b=""/>', /twice/)
    assert.equal(show(read('<a xmlns:p="x" p:b="" b=""/>')), '{}a')
  })

  it('refuses prefixes that are not declared, or not as they may be', () => {
    for (const text of ['<p:a/>', '<a p:b=""/>', '<a><b xmlns:p="x"/><p:c/></a>']) refuses(text, /not declared/)
    refuses('<a xmlns:p=""/>', /no namespace/)
    refuses('<xmlns:a/>', /xmlns/)
    for (const text of ['<a xmlns:xmlns="x"/>', '<a xmlns:xml="x"/>', '<a xmlns:p="http://www.w3.org/2000/xmlns/"/>'])
      refuses(text, /may not be/)
  })

  it('refuses document types and entities, so that nothing can grow', () => {
    const bomb = `<!DOCTYPE a [<!ENTITY b "bomb"><!ENTITY c "&b;&b;">]><a>&c;</a>`
    refuses(bomb, /document types/)
    refuses('<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', /document types/)
    for (const text of ['<a>&b;</a>', '<a b="&c;"/>', '<a>&</a>', '<a>&constructor;</a>', '<a>&LT;</a>'])
      refuses(text, /XML/)
  })

  it('is soon done with what is deep, wide or long', () => {
    const started = performance.now()
    refuses('<a>'.repeat(20_000), /within each other/)
    assert.equal(read(`<a>${'<b/>'.repeat(15_000)}</a>`).children.length, 15_000)
    refuses(`<a ${Array.from({ length: 5000 }, (_, i) => `xmlns:p${i}="x"`).join(' ')} p1:a="" p2:a=""/>`, /twice/)
    refuses(`<a${' '.repeat(60_000)}`, /tag/)
    refuses(`<a b${' '.repeat(60_000)}`, /tag/)
    refuses(`<${'a'.repeat(60_000)}`, /tag/)
    assert.ok(performance.now() - started < 1000)
  })
})
