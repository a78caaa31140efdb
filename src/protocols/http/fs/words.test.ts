import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { contentTypeOf } from '../../content-type.ts'
import { archiveFormat, archiveHeaders } from './archive-format.ts'
import { escapeHtml } from './escape-html.ts'
import { formatSize } from './format-size.ts'

describe('archiveHeaders', () => {
  const names: [path: string[], disposition: string][] = [
    [['geo', 'v1'], 'filename="geo-v1.zip"'],
    [['@team', 'geo', 'v1'], 'filename="team-geo-v1.zip"'],
    [['geo', 'v1', 'Zürich'], `filename="geo-v1-Z_rich.zip"; filename*=UTF-8''geo-v1-Z%C3%BCrich.zip`],
    [['geo', 'v1', `a"b'(c)`], `filename="geo-v1-a_b_c_.zip"; filename*=UTF-8''geo-v1-a%22b%27%28c%29.zip`],
    [
      ['geo', 'by-digest', 'sha256:00'],
      `filename="geo-by-digest-sha256_00.zip"; filename*=UTF-8''geo-by-digest-sha256%3A00.zip`,
    ],
  ]
  for (const [path, expected] of names)
    it(`names ${path.join('/')}`, () => {
      assert.equal(archiveHeaders(path, 'zip')['content-disposition'], `attachment; ${expected}`)
    })
})

describe('archiveFormat', () => {
  it('knows tar, tar.zst and zip', () => {
    assert.equal(archiveFormat(new URLSearchParams('archive=tar.zst')), 'tar.zst')
    assert.equal(archiveFormat(new URLSearchParams('')), undefined)
    for (const other of ['', 'rar', 'toString', 'ZIP'])
      assert.throws(() => archiveFormat(new URLSearchParams({ archive: other })), { code: 'invalid' })
  })
})

describe('contentTypeOf', () => {
  const types: [name: string, type: string][] = [
    ['a.csv', 'text/csv; charset=utf-8'],
    ['A.CSV', 'text/csv; charset=utf-8'],
    ['a.b.parquet', 'application/vnd.apache.parquet'],
    ['places.sqlite', 'application/vnd.sqlite3'],
    ['a.ndjson', 'application/x-ndjson'],
    ['README', 'text/plain; charset=utf-8'],
    ['x.js', 'text/plain; charset=utf-8'],
    ['x.css', 'text/plain; charset=utf-8'],
    ['data', 'application/octet-stream'],
    ['csv', 'application/octet-stream'],
    ['.csv', 'text/csv; charset=utf-8'],
    ['x.constructor', 'application/octet-stream'],
    ['x.', 'application/octet-stream'],
  ]
  for (const [name, type] of types) it(`${name}: ${type}`, () => assert.equal(contentTypeOf(name), type))
})

describe('escapeHtml', () => {
  it('leaves nothing that means something', () => {
    assert.equal(escapeHtml(`<a href="x" b='y'>&`), '&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;')
    assert.equal(escapeHtml('a\n\x00\x7f\ud800ü'), 'a\ufffd\ufffd\ufffd\ufffdü')
  })
})

describe('formatSize', () => {
  it('has three digits at most', () => {
    const sizes = [0, 1, 1023, 1024, 1536, 102_400, 1024 ** 2 - 1, 5 * 1024 ** 3, 2 ** 53]
    assert.deepEqual(sizes.map(formatSize), [
      '0 B',
      '1 B',
      '1023 B',
      '1.0 KiB',
      '1.5 KiB',
      '100 KiB',
      '1024 KiB',
      '5.0 GiB',
      '8.0 PiB',
    ])
  })
})
