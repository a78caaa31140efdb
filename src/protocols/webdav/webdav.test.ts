// The WebDAV door over the wire.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { file } from '../../../test/testing/tree.fixture.ts'
import { AetherError } from '../../core/errors.ts'
import { sha256Hex } from '../../core/id.ts'
import { openDoors } from '../doors.fixture.ts'

const world = await openDoors()
await world.push('geo:v1', {
  'data.csv': file('id\n1\n'),
  'empty.txt': file(''),
  'odd/a b%ü#?&"<i>;.txt': file('odd'),
  'odd/back\\slash': file('back'),
  'odd/control\u0001': file('control'),
  'links/file': { kind: 'link', target: '../data.csv' },
  'links/folder': { kind: 'link', target: '../odd' },
  'links/loop': { kind: 'link', target: 'loop' },
  'links/nowhere': { kind: 'link', target: 'nothing' },
  'nothing/in-here': { kind: 'folder' },
})
await world.push('@team/maps:latest', { a: file('a') })
const names = Array.from({ length: 1300 }, (_, i) => `f${String(i).padStart(5, '0')}`)
await world.push('many:v1', Object.fromEntries(names.map((name) => [name, file('')])))
const { ask } = world

function propfind(path: string, depth = '1', body = '') {
  return ask(path, { method: 'PROPFIND', headers: { depth }, body })
}

/** Addresses of all resources in a multistatus. */
function hrefs(text: string): string[] {
  return [...text.matchAll(/<D:href>(.*?)<\/D:href>/g)].map((match) => match[1]!)
}

/** What is said of one resource. */
function responseFor(text: string, href: string): string {
  return text.split('<D:response>').find((part) => part.startsWith(`<D:href>${href}</D:href>`)) ?? 'nothing'
}

describe('OPTIONS', () => {
  it('says what this server is, on every path', async () => {
    for (const path of ['/', '/webdav', '/webdav/', '/webdav/geo/v1/', '/webdav/not/there', '/webdav/%2e%2e/']) {
      const { status, headers } = await ask(path, { method: 'OPTIONS' })
      assert.deepEqual([status, headers.dav, headers['ms-author-via']], [200, '1', 'DAV'], path)
      assert.equal(headers.allow, 'OPTIONS, GET, HEAD, PROPFIND')
    }
  })
})

describe('PROPFIND', () => {
  it('shows the folder that the tree is in to those who look at "/" first', async () => {
    assert.deepEqual(hrefs((await propfind('/')).text), ['/', '/webdav/'])
    assert.deepEqual(hrefs((await propfind('/', '0')).text), ['/'])
  })

  it('shows datasets, scopes, tags and files', async () => {
    assert.deepEqual(hrefs((await propfind('/webdav')).text), [
      '/webdav/',
      '/webdav/@team/',
      '/webdav/geo/',
      '/webdav/many/',
    ])
    assert.deepEqual(hrefs((await propfind('/webdav/%40team/')).text), ['/webdav/@team/', '/webdav/@team/maps/'])
    const tags = ['/webdav/geo/', '/webdav/geo/v1/', '/webdav/geo/by-digest/']
    assert.deepEqual(hrefs((await propfind('/webdav/geo/')).text), tags)
    const root = '/webdav/geo/v1/'
    const names = ['', 'data.csv', 'empty.txt', 'links/', 'nothing/', 'odd/']
    assert.deepEqual(
      hrefs((await propfind('/webdav/geo/v1')).text),
      names.map((name) => root + name),
    )
  })

  it('tells all properties of a file', async () => {
    const { status, headers, text } = await propfind('/webdav/geo/v1/data.csv', '0')
    assert.equal(status, 207)
    assert.equal(headers['content-type'], 'application/xml; charset=utf-8')
    const properties = Object.fromEntries(
      [...text.matchAll(/<D:(\w+)(?:\/>|>([^<]*)<\/D:\1>)/g)].map(([, name, value]) => [name, value ?? '']),
    )
    const { getlastmodified = '', creationdate = '', ...rest } = properties
    assert.deepEqual(rest, {
      href: '/webdav/geo/v1/data.csv',
      resourcetype: '',
      displayname: 'data.csv',
      getcontentlength: '5',
      getcontenttype: 'text/csv; charset=utf-8',
      getetag: `&quot;${sha256Hex('id\n1\n')}&quot;`,
      supportedlock: '',
      status: 'HTTP/1.1 200 OK',
    })
    assert.ok(Math.abs(Date.parse(getlastmodified) - Date.now()) < 60_000, getlastmodified)
    assert.match(creationdate, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  })

  it('tells the names of properties alone', async () => {
    const { text } = await propfind('/webdav/geo/v1/data.csv', '0', '<propfind xmlns="DAV:"><propname/></propfind>')
    assert.match(text, /<D:prop><D:resourcetype\/><D:displayname\/><D:getcontentlength\/>/)
    assert.doesNotMatch(text, /404/)
  })

  it('says of properties that there are not that there are not', async () => {
    const asked = '<getetag/><x:y xmlns:x="urn:&lt;x&quot;>"/><bare xmlns=""/><getcontentlength/>'
    const { text } = await propfind('/webdav/geo/v1', '0', `<propfind xmlns="DAV:"><prop>${asked}</prop></propfind>`)
    const unknown = '<D:getetag/><y xmlns="urn:&lt;x&quot;&gt;"/><bare xmlns=""/><D:getcontentlength/>'
    const stat = `<D:propstat><D:prop>${unknown}</D:prop><D:status>HTTP/1.1 404 Not Found</D:status></D:propstat>`
    assert.equal(
      responseFor(text, '/webdav/geo/v1/'),
      `<D:href>/webdav/geo/v1/</D:href>${stat}</D:response>\n</D:multistatus>\n`,
    )
    const file = await propfind(
      '/webdav/geo/v1/data.csv',
      '0',
      `<propfind xmlns="DAV:"><prop>${asked}</prop></propfind>`,
    )
    assert.match(file.text, /<D:getcontentlength>5<.*200 OK<.*<bare xmlns=""\/>.*404 Not Found</)
  })

  it('writes names with anything in them so that they can be asked for', async () => {
    const { text } = await propfind('/webdav/geo/v1/odd/')
    const [, ...files] = hrefs(text)
    assert.deepEqual(files, [
      '/webdav/geo/v1/odd/a%20b%25%C3%BC%23%3F%26%22%3Ci%3E%3B.txt',
      '/webdav/geo/v1/odd/back%5Cslash',
      '/webdav/geo/v1/odd/control%01',
    ])
    for (const [i, content] of ['odd', 'back', 'control'].entries()) assert.equal((await ask(files[i]!)).text, content)
    assert.match(text, /<D:displayname>a b%ü#\?&amp;&quot;&lt;i&gt;;\.txt</)
    assert.match(text, /<D:displayname>control\ufffd</)
  })

  it('shows links to files as files, and those to folders only when asked for', async () => {
    const { text } = await propfind('/webdav/geo/v1/links/')
    assert.deepEqual(hrefs(text), ['/webdav/geo/v1/links/', '/webdav/geo/v1/links/file'])
    assert.match(responseFor(text, '/webdav/geo/v1/links/file'), /displayname>file<.*getcontentlength>5</)
    const inside = await propfind('/webdav/geo/v1/links/folder')
    assert.equal(hrefs(inside.text)[1], '/webdav/geo/v1/links/folder/a%20b%25%C3%BC%23%3F%26%22%3Ci%3E%3B.txt')
    for (const name of ['loop', 'nowhere']) assert.equal((await propfind(`/webdav/geo/v1/links/${name}`)).status, 404)
  })

  it('shows empty folders', async () => {
    const { text } = await propfind('/webdav/geo/v1/nothing/in-here')
    assert.deepEqual(hrefs(text), ['/webdav/geo/v1/nothing/in-here/'])
    assert.match(text, /<D:resourcetype><D:collection\/>/)
  })

  it('refuses to go deeper, as the RFC says', async () => {
    for (const headers of [{}, { depth: 'infinity' }, { depth: 'Infinity' }] as Record<string, string>[]) {
      const { status, text } = await ask('/webdav/geo/v1/', { method: 'PROPFIND', headers })
      assert.equal(status, 403)
      assert.match(text, /<D:error xmlns:D="DAV:"><D:propfind-finite-depth\/><\/D:error>/)
    }
    for (const depth of ['2', '-1', 'x']) assert.equal((await propfind('/webdav/', depth)).status, 400)
  })

  it('refuses bodies that are no PROPFIND, entity bombs, and what is too long', async () => {
    const bomb = '<!DOCTYPE a [<!ENTITY b "b"><!ENTITY c "&b;&b;">]><propfind xmlns="DAV:"><prop>&c;</prop></propfind>'
    for (const body of ['x', '<a/>', '<propfind xmlns="DAV:"><prop></propfind>', bomb, '<D:propfind xmlns:D=""/>'])
      assert.equal((await propfind('/webdav/', '0', body)).status, 400, body)
    assert.equal((await propfind('/webdav/', '0', ' '.repeat(70_000))).status, 413)
  })

  it('says that nothing is there with 404, and of paths that can be none with 400', async () => {
    for (const path of ['nothing', 'geo/v2', 'geo/v1/no', 'geo/v1/data.csv/x', '@team/x', 'geo/by-digest/sha256:00'])
      assert.equal((await propfind(`/webdav/${path}`)).status, 404, path)
    for (const path of ['..', '%2e%2e/geo', 'geo/./v1', 'geo//v1', 'a%2fb', '%00', '%ff', '%', 'geo/v1/%2E'])
      assert.equal((await propfind(`/webdav/${path}`)).status, 400, path)
    assert.equal((await propfind(`/webdav/${'a'.repeat(6000)}`)).status, 413)
  })
})

describe('a folder that is longer than a page', () => {
  it('is shown whole, in pieces', async () => {
    const { text, headers } = await propfind('/webdav/many/v1/')
    assert.equal(headers['content-length'], undefined)
    assert.deepEqual(
      hrefs(text).slice(1),
      names.map((name) => `/webdav/many/v1/${name}`),
    )
    assert.ok(text.endsWith('</D:multistatus>\n'))
  })
})

describe('GET', () => {
  it('gives files, whole and in part, under their entity tags', async () => {
    const { status, headers, text } = await ask('/webdav/geo/v1/data.csv')
    const etag = `"${sha256Hex(text)}"`
    assert.deepEqual([status, text, headers.etag], [200, 'id\n1\n', etag])
    assert.equal(headers['content-type'], 'text/csv; charset=utf-8')
    const part = await ask('/webdav/geo/v1/data.csv', { headers: { range: 'bytes=1-2' } })
    assert.deepEqual([part.status, part.text, part.headers['content-range']], [206, 'd\n', 'bytes 1-2/5'])
    assert.equal((await ask('/webdav/geo/v1/data.csv', { headers: { range: 'bytes=5-' } })).status, 416)
    assert.equal((await ask('/webdav/geo/v1/data.csv', { headers: { 'if-none-match': etag } })).status, 304)
    assert.equal((await ask('/webdav/geo/v1/data.csv', { headers: { 'if-match': '"other"' } })).status, 412)
  })

  it('answers HEAD without a body', async () => {
    const { status, headers, text } = await ask('/webdav/geo/v1/links/file', { method: 'HEAD' })
    assert.deepEqual([status, headers['content-length'], text], [200, '5', ''])
  })

  it('lists a folder as text, for people', async () => {
    const { text } = await ask('/webdav/geo/v1/')
    assert.equal(text, 'data.csv\nempty.txt\nlinks/\nnothing/\nodd/\n')
    assert.equal((await ask('/webdav/geo/v1/', { method: 'HEAD' })).status, 200)
    assert.equal((await ask('/webdav/geo/v1/links/folder/odd')).status, 404)
  })

  it('keeps pages in a dataset from acting for the hub', async () => {
    await world.push('page:v1', { 'index.html': file('<script>alert(1)</script>') })
    const { headers } = await ask('/webdav/page/v1/index.html')
    assert.match(String(headers['content-security-policy']), /sandbox/)
  })
})

describe('methods that write', () => {
  it('are refused with what goes instead', async () => {
    for (const method of ['PUT', 'DELETE', 'MKCOL', 'COPY', 'MOVE', 'PROPPATCH', 'LOCK', 'UNLOCK', 'POST']) {
      const { status, headers, text } = await ask('/webdav/geo/v1/new', { method, body: 'x' })
      assert.deepEqual([status, headers.allow], [405, 'OPTIONS, GET, HEAD, PROPFIND'], method)
      assert.match(text, /aetherfs push/)
    }
  })
})

describe('a folder that cannot be listed to its end', () => {
  it('is an error when nothing was sent, and broken off when something was', async () => {
    const trees = world.hub.trees
    const broken = await openDoors({
      trees: (caller) => ({
        ...trees(caller),
        async list(folder, options) {
          if (options.after !== undefined) throw new AetherError('unavailable', 'The store is away')
          return trees(caller).list(folder, options)
        },
      }),
    })
    const sent = broken.ask('/webdav/many/v1/', { method: 'PROPFIND', headers: { depth: '1' } })
    await assert.rejects(sent, /aborted|hang up/)
    const none = await openDoors({
      trees: (caller) => ({
        ...trees(caller),
        list: () => Promise.reject(new AetherError('unavailable', 'The store is away')),
      }),
    })
    assert.equal((await none.ask('/webdav/many/v1/', { method: 'PROPFIND', headers: { depth: '1' } })).status, 503)
  })
})
