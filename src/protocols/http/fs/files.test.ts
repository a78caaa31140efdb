// Files of /fs/ over the wire.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { utimes } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { file, sha256Of } from '../../../../test/testing/tree.fixture.ts'
import { type Answer, CSV, openFsWorld } from './fs.fixture.ts'

const world = await openFsWorld()
const { ask } = world
const hash = await sha256Of(world.at('geo_v1/data.csv'))
const etag = `"${hash}"`
const { 'last-modified': modified = '' } = (await ask('geo/v1/data.csv')).headers
const at = (seconds: number) => new Date(Date.parse(modified) + seconds * 1000).toUTCString()
const byDigest = `geo/by-digest/sha256:${world.digest}`

describe('GET of a file', () => {
  it('tells its hash in every way, its time and its type', async () => {
    const { status, headers, text } = await ask('geo/v1/data.csv')
    assert.equal(status, 200)
    assert.equal(text, CSV)
    const base64 = createHash('sha256').update(CSV).digest('base64')
    assert.equal(headers.etag, etag)
    assert.equal(headers['repr-digest'], `sha-256=:${base64}:`)
    assert.equal(headers.digest, `sha-256=${base64}`)
    assert.equal(headers['content-type'], 'text/csv; charset=utf-8')
    assert.equal(headers['content-length'], String(CSV.length))
    assert.equal(headers['accept-ranges'], 'bytes')
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.ok(Math.abs(Date.parse(modified) - Date.now()) < 60_000, modified)
  })

  it('may be kept for ever where the address has the digest, and is asked for anew under a tag', async () => {
    const fixed = await ask(`${byDigest}/data.csv`)
    assert.equal(fixed.text, CSV)
    assert.equal(fixed.headers['cache-control'], 'private, max-age=31536000, immutable')
    assert.equal((await ask('geo/latest/data.csv')).headers['cache-control'], 'private, no-cache')
  })

  it('never tells a time that is still to come', async () => {
    await world.push('later:v1', { old: file('x') })
    await utimes(world.at('later_v1/old'), 4e9, 4e9)
    await world.client.push(world.at('later_v1'), ['later:v2'])
    const { headers } = await ask('later/v2/old')
    assert.ok(Date.parse(String(headers['last-modified'])) <= Date.now())
  })

  it('sends empty files', async () => {
    const { status, headers, body } = await ask('geo/v1/empty.bin')
    assert.deepEqual([status, headers['content-length'], body.length], [200, '0', 0])
    assert.equal((await ask('geo/v1/empty.bin', { range: 'bytes=0-' })).status, 416)
  })

  it('reaches names with anything in them', async () => {
    assert.equal((await ask(`geo/v1/odd/${encodeURIComponent('a b%ü#?&"<i>.txt')}`)).text, 'odd')
    assert.equal(
      (await ask(`geo/v1/odd/${encodeURIComponent('日本.json')}`)).headers['content-type'],
      'application/json',
    )
  })

  it('answers HEAD with the same headers and no body', async () => {
    const { headers: expected } = await ask('geo/v1/data.csv')
    const { status, headers, body } = await ask('geo/v1/data.csv', { range: 'bytes=0-1' }, 'HEAD')
    assert.deepEqual([status, body.length], [200, 0])
    for (const name of ['etag', 'content-length', 'content-type', 'last-modified', 'repr-digest'])
      assert.equal(headers[name], expected[name], name)
  })

  it('lets nothing run in a browser', async () => {
    for (const name of ['page.html', 'picture.svg']) {
      const policy = String((await ask(`geo/v1/${name}`)).headers['content-security-policy'])
      assert.match(policy, /^sandbox; default-src 'none'/, name)
    }
    assert.equal((await ask('geo/v1/run.sh')).headers['content-type'], 'text/plain; charset=utf-8')
  })
})

describe('conditions', () => {
  // RFC 9110, section 13.2.2: what takes precedence over what.
  const matrix: [headers: Record<string, string>, status: number][] = [
    [{ 'if-none-match': etag }, 304],
    [{ 'if-none-match': `"x", W/${etag}` }, 304],
    [{ 'if-none-match': '*' }, 304],
    [{ 'if-none-match': '"x"' }, 200],
    [{ 'if-none-match': '"x"', 'if-modified-since': at(0) }, 200],
    [{ 'if-modified-since': at(0) }, 304],
    [{ 'if-modified-since': at(9) }, 304],
    [{ 'if-modified-since': at(-1) }, 200],
    [{ 'if-modified-since': 'yesterday' }, 200],
    [{ 'if-match': etag }, 200],
    [{ 'if-match': '*' }, 200],
    [{ 'if-match': `"x", ${etag}` }, 200],
    [{ 'if-match': '"x"' }, 412],
    [{ 'if-match': `W/${etag}` }, 412],
    [{ 'if-match': etag, 'if-unmodified-since': at(-9) }, 200],
    [{ 'if-match': '"x"', 'if-none-match': etag }, 412],
    [{ 'if-unmodified-since': at(0) }, 200],
    [{ 'if-unmodified-since': at(-1) }, 412],
    [{ 'if-unmodified-since': '2020' }, 200],
    [{ 'if-match': etag, 'if-none-match': etag }, 304],
    [{ 'if-unmodified-since': at(0), 'if-modified-since': at(0) }, 304],
    [{ range: 'bytes=0-1', 'if-none-match': etag }, 304],
    [{ range: 'bytes=0-1', 'if-range': etag }, 206],
    [{ range: 'bytes=0-1', 'if-range': '"x"' }, 200],
    [{ range: 'bytes=0-1', 'if-range': `W/${etag}` }, 200],
    [{ range: 'bytes=0-1', 'if-range': at(0) }, 200], // under a tag, another file may have that time
    [{ range: 'bytes=99-', 'if-range': '"x"' }, 200],
    [{ range: 'bytes=99-', 'if-match': '"x"' }, 412],
  ]
  for (const [headers, status] of matrix)
    it(`${JSON.stringify(headers).replace(hash, '…')}: ${status}`, async () => {
      const answer = await ask('geo/v1/data.csv', headers)
      assert.equal(answer.status, status)
      if (status === 304) assert.deepEqual([answer.headers.etag, answer.body.length], [etag, 0])
      const head = await ask('geo/v1/data.csv', headers, 'HEAD')
      assert.equal(head.status, status === 206 ? 200 : status)
    })

  it('a date in If-Range holds where the address has the digest', async () => {
    const condition = (seconds: number) => ({ range: 'bytes=0-1', 'if-range': at(seconds) })
    assert.equal((await ask(`${byDigest}/data.csv`, condition(0))).status, 206)
    assert.equal((await ask(`${byDigest}/data.csv`, condition(1))).status, 200)
  })
})

/** Parts of a body of several ranges, each as its Content-Range and its bytes. */
function partsOf({ headers, body }: Answer): [string, string][] {
  const [, boundary] = /^multipart\/byteranges; boundary=(\w+)$/.exec(String(headers['content-type'])) ?? []
  const text = body.toString('latin1')
  assert.equal(headers['content-length'], String(body.length))
  assert.ok(text.endsWith(`\r\n--${boundary}--\r\n`))
  const parts = text.split(`\r\n--${boundary}`).slice(1, -1)
  return parts.map((part) => {
    const [, range = '', bytes = ''] = /^\r\ncontent-type: .*\r\ncontent-range: (.*)\r\n\r\n(.*)$/s.exec(part) ?? []
    return [range, bytes]
  })
}

describe('ranges', () => {
  it('that are several come as parts, in the order in which they were asked for', async () => {
    await world.push('long:v1', { text: file('0123456789'.repeat(100)) })
    const answer = await ask('long/v1/text', { range: 'bytes=-2, 0-1,500-501 ,2000-' })
    assert.equal(answer.status, 206)
    assert.deepEqual(partsOf(answer), [
      ['bytes 998-999/1000', '89'],
      ['bytes 0-1/1000', '01'],
      ['bytes 500-501/1000', '01'],
    ])
    assert.ok(answer.headers['repr-digest'])
  })

  it('that are thousands are joined, and no byte is sent twice', async () => {
    const overlapping = Array.from({ length: 2000 }, (_, i) => `0-${i}`).join(',')
    const { status, text } = await ask('geo/v1/data.csv', { range: `bytes=${overlapping}` })
    assert.deepEqual([status, text], [206, CSV])
    const scattered = Array.from({ length: 65 }, (_, i) => `${i * 200}-${i * 200}`).join(',')
    await world.push('long:v2', { text: file('0'.repeat(20_000)) })
    assert.equal((await ask('long/v2/text', { range: `bytes=${scattered}` })).status, 200)
  })

  it('send one part as it is', async () => {
    const { status, headers, text } = await ask('geo/v1/data.csv', { range: 'bytes=3-6' })
    assert.deepEqual([status, text, headers['content-range']], [206, CSV.slice(3, 7), `bytes 3-6/${CSV.length}`])
    assert.equal(headers['content-type'], 'text/csv; charset=utf-8')
  })

  it('behind the end are refused with the size', async () => {
    const { status, headers } = await ask('geo/v1/data.csv', { range: 'bytes=1000-,2000-' })
    assert.deepEqual([status, headers['content-range']], [416, `bytes */${CSV.length}`])
  })
})

describe('paths', () => {
  it('with links are followed here', async () => {
    assert.equal((await ask('geo/v1/links/to-data')).text, CSV)
    assert.equal((await ask('geo/v1/links/to-folder/file')).text, 'deep')
    assert.equal((await ask('geo/v1/links/chain')).text, 'deep')
    assert.equal((await ask('geo/v1/links/up/links/up/data.csv')).text, CSV)
    assert.equal((await ask('geo/v1/links/to-data')).headers['content-type'], 'text/csv; charset=utf-8')
  })

  const bad: [path: string, status: number][] = [
    ['geo/v1/nothing-here', 404],
    ['geo/v9/data.csv', 404],
    ['nothing/v1/', 404],
    ['geo/v1/links/loop', 404],
    ['geo/v1/links/nowhere', 404],
    ['geo/v1/links/to-data/', 404],
    ['geo/v1/links/to-data/x', 404],
    ['geo/v1/data.csv/', 404],
    ['geo/v1/data.csv/x', 404],
    ['geo//v1/data.csv', 404],
    ['/geo/v1/data.csv', 404],
    ['geo/v1//data.csv', 404],
    ['geo%2Fv1/data.csv', 404],
    ['geo/v1/links/../data.csv', 400],
    ['geo/v1/%2e%2e/%2E%2e/geo/v1/data.csv', 400],
    ['geo/v1/./data.csv', 400],
    ['geo/v1/%2e/data.csv', 400],
    ['geo/v1/data.csv%00', 400],
    ['geo/v1/links%5Cto-data', 400],
    ['geo/v1/links\\to-data', 400],
    ['geo/v1/%ff', 400],
    ['geo/v1/%', 400],
    [`geo/v1/${'a'.repeat(5000)}`, 404],
    [`geo/v1/${'a/'.repeat(5000)}b`, 404],
    [`geo/v1/${'a'.repeat(20_000)}`, 431],
    ['geo/by-digest/sha256:00/data.csv', 404],
  ]
  for (const [path, status] of bad)
    it(`${path.slice(0, 60)}: ${status}`, async () => {
      const answer = await ask(path)
      assert.equal(answer.status, status, answer.text)
    })

  it('know GET, HEAD and OPTIONS', async () => {
    for (const method of ['PUT', 'POST', 'DELETE', 'PROPFIND']) {
      const { status, headers } = await ask('geo/v1/data.csv', {}, method)
      assert.deepEqual([status, headers.allow], [405, 'GET, HEAD, OPTIONS'], method)
    }
    assert.equal((await ask('geo/v1/data.csv', {}, 'OPTIONS')).headers.allow, 'GET, HEAD, OPTIONS')
  })
})
