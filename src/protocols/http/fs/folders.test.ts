// Folders of /fs/ over the wire, for people and for programs.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { file } from '../../../../test/testing/tree.fixture.ts'
import { openFsWorld } from './fs.fixture.ts'

const world = await openFsWorld()
const { ask } = world
await world.push('@team/maps:v1', { 'a.txt': file('a') })
await world.push('many:v1', Object.fromEntries(Array.from({ length: 1200 }, (_, i) => [`f${i}`, file('')])))

interface Listing {
  path: string
  digest: string | null
  entries: Record<string, unknown>[]
  next: string | null
}

async function list(path: string): Promise<Listing> {
  const { status, headers, text } = await ask(path, { accept: 'application/json' })
  assert.deepEqual([status, headers['content-type']], [200, 'application/json'], text)
  return JSON.parse(text) as Listing
}
const names = ({ entries }: Listing) => entries.map(({ name }) => name)

describe('a folder as JSON', () => {
  it('tells files, folders and links', async () => {
    const { path, digest, entries, next } = await list('geo/v1/')
    assert.deepEqual([path, digest, next], ['/geo/v1/', `sha256:${world.digest}`, null])
    assert.deepEqual(
      entries.map(({ name, kind, size, executable }) => [name, kind, size, executable]),
      [
        ['data.csv', 'file', 20, false],
        ['deep', 'folder', undefined, undefined],
        ['empty.bin', 'file', 0, false],
        ['links', 'folder', undefined, undefined],
        ['nothing', 'folder', undefined, undefined],
        ['odd', 'folder', undefined, undefined],
        ['page.html', 'file', 25, false],
        ['picture.svg', 'file', 41, false],
        ['run.sh', 'file', 10, true],
      ],
    )
    const [data] = entries
    assert.match(String(data!.sha256), /^[0-9a-f]{64}$/)
    assert.match(String(data!.modified), /^\d{4}-\d\d-\d\dT.*Z$/)
    assert.equal((await list('geo/v1/links/')).entries.find(({ name }) => name === 'to-data')!.target, '../data.csv')
  })

  it('tells datasets, scopes and tags', async () => {
    assert.deepEqual(names(await list('')), ['@team', 'geo', 'many'])
    assert.deepEqual(names(await list('@team/')), ['maps'])
    const { digest, entries } = await list('geo/')
    assert.equal(digest, null)
    const tag = entries.find(({ name }) => name === 'v1')!
    assert.equal(tag.digest, `sha256:${world.digest}`)
    assert.ok(entries.some(({ name }) => name === 'by-digest'))
  })

  it('of nothing is empty', async () => {
    assert.deepEqual(names(await list('geo/v1/nothing/in-here/')), [])
  })

  it('has pages', async () => {
    const seen: unknown[] = []
    let after = ''
    for (let pages = 0; pages < 9; pages++) {
      const page = await list(`many/v1/?limit=500${after}`)
      seen.push(...names(page))
      if (page.next === null) break
      assert.equal(page.entries.length, 500)
      after = `&after=${encodeURIComponent(page.next)}`
    }
    assert.deepEqual(seen, names(await list('many/v1/')))
    assert.equal(new Set(seen).size, 1200)
  })

  it('is refused with limits and tokens that are none', async () => {
    for (const query of [
      'limit=0',
      'limit=-1',
      'limit=x',
      'limit=',
      'after=%27',
      'after=1e3',
      'format=xml',
      'archive=rar',
    ])
      assert.equal((await ask(`geo/v1/?${query}`)).status, 400, query)
  })
})

describe('a folder as HTML', () => {
  it('links to everything in it, whatever the names are', async () => {
    const { status, headers, text } = await ask('geo/v1/odd/')
    assert.equal(status, 200)
    assert.equal(headers['content-type'], 'text/html; charset=utf-8')
    assert.match(String(headers['content-security-policy']), /^default-src 'none'; style-src 'sha256-/)
    assert.ok(!/<script|<i>|style=/.test(text.replace(/<style>.*<\/style>/s, '')))
    const [, link] = /<a href="([^"]*)"><bdi>a b%ü#\?&amp;&quot;&lt;i&gt;\.txt<\/bdi><\/a>/.exec(text) ?? []
    assert.equal((await ask(`geo/v1/odd/${link}`)).text, 'odd')
  })

  it('names the snapshot, what is above, and archives', async () => {
    const { text } = await ask('geo/v1/deep/er/')
    assert.ok(text.includes(`sha256:${world.digest}`))
    for (const href of ['../../../../', '../../../', '../../', '../', './', '?archive=zip', '?archive=tar.zst'])
      assert.ok(text.includes(`<a href="${href}"`), href)
    assert.ok(!(await ask('geo/')).text.includes('archive='))
  })

  it('comes whole however long it is, or in pages', async () => {
    const { text } = await ask('many/v1/')
    assert.equal(text.match(/<tr>/g)!.length, 1200 + 2)
    assert.ok(text.endsWith('</html>\n'))
    const [, next] = /<a href="([^"]*)" rel="next">/.exec((await ask('many/v1/?limit=1100')).text) ?? []
    assert.equal((await ask(`many/v1/${next!.replaceAll('&amp;', '&')}`)).text.match(/<tr>/g)!.length, 100 + 2)
  })
})

describe('the address of a folder', () => {
  it('ends with "/", and who leaves that out is sent there', async () => {
    for (const [path, location] of [
      ['geo?limit=1', '/fs/geo/?limit=1'],
      ['geo', '/fs/geo/'],
      ['geo/v1/odd?format=json', '/fs/geo/v1/odd/?format=json'],
      ['geo/v1/links/to-folder', '/fs/geo/v1/links/to-folder/'],
      ['%40team', '/fs/%40team/'],
    ] as const) {
      const { status, headers } = await ask(path)
      assert.deepEqual([status, headers.location], [302, location])
    }
  })

  it('leads through links', async () => {
    const { path, entries } = await list('geo/v1/links/to-folder/')
    assert.deepEqual([path, entries.map(({ name }) => name)], ['/geo/v1/links/to-folder/', ['file']])
  })
})

describe('the form of a folder', () => {
  const forms: [path: string, accept: string | undefined, type: RegExp][] = [
    ['geo/v1/', undefined, /html/],
    ['geo/v1/', '*/*', /html/],
    ['geo/v1/', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', /html/],
    ['geo/v1/', 'application/json', /json/],
    ['geo/v1/', 'application/json, text/html', /html/],
    ['geo/v1/', 'application/json, text/html;q=0.5', /json/],
    ['geo/v1/', 'application/json;q=0', /html/],
    ['geo/v1/?format=json', 'text/html', /json/],
    ['geo/v1/?format=html', 'application/json', /html/],
  ]
  for (const [path, accept, type] of forms)
    it(`${path} for ${accept}`, async () => {
      for (const method of ['GET', 'HEAD']) {
        const { status, headers } = await ask(path, accept === undefined ? {} : { accept }, method)
        assert.equal(status, 200)
        assert.match(String(headers['content-type']), type)
        assert.equal(headers.vary, 'accept')
      }
    })
})
