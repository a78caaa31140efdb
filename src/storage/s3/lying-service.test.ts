// A service that lies, or something that is no S3 at all: every answer that is not what S3 says ends in an error, at once
// and without filling memory.
import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { xmlDocument } from '../../../test/testing/s3/xml.fixture.ts'
import { createS3Storage } from '../s3.ts'
import type { Storage } from '../storage.ts'
import { bytesOf, outcome, times } from '../suite-kit.fixture.ts'
import { MAX_ANSWER } from './bound-answers.ts'

type Answer = (request: IncomingMessage, response: ServerResponse) => void

const OBJECT = { etag: '"abc"', 'last-modified': 'Mon, 23 Nov 2026 10:00:00 GMT', 'content-length': '10' }
const ENTRY = { Key: 'a/1', LastModified: '2026-11-23T10:00:00.000Z', ETag: '"abc"', Size: 3 }
const RANGE = { range: { offset: 2, length: 3 } }

const notThere: Answer = (_request, response) =>
  response.writeHead(404).end(xmlDocument('Error', { Code: 'NoSuchKey', Message: 'None' }))

const object =
  (status: number, headers: Record<string, string | undefined>, body = '0123456789'): Answer =>
  (_request, response) => {
    const all = Object.entries({ ...OBJECT, ...headers }).filter(([, value]) => value !== undefined)
    response.writeHead(status, Object.fromEntries(all) as Record<string, string>).end(body)
  }

const list =
  (page: object, root = 'ListBucketResult'): Answer =>
  (_request, response) =>
    response.writeHead(200).end(xmlDocument(root, { IsTruncated: false, ...page } as Parameters<typeof xmlDocument>[1]))

const text =
  (body: string, status = 200): Answer =>
  (_request, response) =>
    response.writeHead(status, { 'content-type': 'text/html' }).end(body)

/** Writes until nobody reads. */
const endless =
  (status: number, start: string): Answer =>
  (_request, response) => {
    const piece = `<Contents>${' '.repeat(65_536)}</Contents>`
    const write = () => {
      while (!response.destroyed && response.write(piece));
    }
    response.writeHead(status).write(start)
    response.on('drain', write)
    write()
  }

describe('a lying S3 service', () => {
  let storage: Storage
  let answer: Answer = notThere
  let asked = 0
  const server = createServer((request, response) => {
    asked++
    request.resume().on('end', () => answer(request, response))
  })

  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const credentials = { accessKeyId: 'a', secretAccessKey: 'b' }
    const place = { bucket: 'bucket', prefix: 'p', endpoint, pathStyle: true }
    storage = await createS3Storage({ ...place, credentials, readOnly: true, timeouts: { idle: 1000 } })
  })
  after(async () => {
    await storage.close()
    server.closeAllConnections()
    server.close()
  })

  async function fails(lie: Answer, call: () => Promise<unknown>, code = 'unavailable'): Promise<void> {
    answer = lie
    asked = 0
    assert.equal(await outcome(call()), code)
  }

  const objects: [what: string, lie: Answer, code?: string][] = [
    ['without an ETag', object(200, { etag: undefined })],
    ['with an ETag that would be two headers', object(200, { etag: '"a\tb"' })],
    ['without a time', object(200, { 'last-modified': undefined })],
    ['without a length', object(200, { 'content-length': undefined, 'transfer-encoding': 'chunked' })],
    ['with a length over the limit', object(200, { 'content-length': `${2 ** 40}` }), 'too-large'],
    ['with a length that is no number', object(200, { 'content-length': '1e1' })],
    ['that ends early', object(200, { connection: 'close' }, '01234')],
    ['without words for what is not there', text('<html>Not found</html>', 404), 'internal'],
  ]
  for (const [what, lie, code] of objects) {
    it(`is met when it answers an object ${what}`, () => fails(lie, () => storage.get('a'), code))
  }

  const ranges: [what: string, lie: Answer][] = [
    ['the whole object', object(200, {})],
    ['another range', object(206, { 'content-range': 'bytes 3-5/10', 'content-length': '3' }, '345')],
    ['fewer bytes', object(206, { 'content-range': 'bytes 2-3/10', 'content-length': '2' }, '23')],
    ['more bytes', object(206, { 'content-range': 'bytes 2-9/10', 'content-length': '8' }, '23456789')],
    [
      'a range of an object of unknown length',
      object(206, { 'content-range': 'bytes 2-4/*', 'content-length': '3' }, '234'),
    ],
    ['no range header', object(206, { 'content-length': '3' }, '234')],
  ]
  for (const [what, lie] of ranges) {
    it(`is met when it answers ${what} for a range`, () => fails(lie, () => storage.get('a', RANGE)))
  }

  it('is met when a range lies past the end of an object that is longer', async () => {
    const lie: Answer = (request, response) => {
      if (request.method === 'HEAD') return object(200, {})(request, response)
      response.writeHead(416).end(xmlDocument('Error', { Code: 'InvalidRange' }))
    }
    await fails(lie, () => storage.get('a', RANGE))
  })

  const lists: [what: string, lie: Answer][] = [
    ['a web page', text('<html><body>Log in</body></html>')],
    ['no XML', text('{"entries": []}')],
    ['nothing', text('')],
    ['half a list', text(xmlDocument('ListBucketResult', { IsTruncated: false }).slice(0, -10))],
    ['XML of great depth', text('<a>'.repeat(100_000))],
    ['another document', list({ IsTruncated: undefined }, 'ListAllMyBucketsResult')],
    ['keys beside the prefix of the store', list({ Contents: [{ ...ENTRY, Key: 'q/a/1' }] })],
    ['keys beside the prefix that was asked for', list({ Contents: [{ ...ENTRY, Key: 'p/b' }] })],
    ['a key twice', list({ Contents: times(2, () => ({ ...ENTRY, Key: 'p/a/1' })) })],
    ['a key that cannot be decoded', list({ EncodingType: 'url', Contents: [{ ...ENTRY, Key: 'p/a/%FF' }] })],
    ['an entry without a key', list({ Contents: [{ ...ENTRY, Key: undefined }] })],
    ['an entry without a size', list({ Contents: [{ ...ENTRY, Key: 'p/a/1', Size: undefined }] })],
    ['a size below nothing', list({ Contents: [{ ...ENTRY, Key: 'p/a/1', Size: -1 }] })],
    ['an entry without a time', list({ Contents: [{ ...ENTRY, Key: 'p/a/1', LastModified: 'today' }] })],
    ['that there is more, and not where', list({ IsTruncated: true })],
  ]
  for (const [what, lie] of lists) {
    it(`is met when it lists ${what}`, () => fails(lie, () => storage.list({ prefix: 'a' })))
  }

  it('is met when a list does not end', async () => {
    const page = { IsTruncated: true, NextContinuationToken: 'again' }
    await fails(list({ ...page, Contents: [{ ...ENTRY, Key: 'p/a/.x' }] }), () => storage.list({ prefix: 'a' }))
    assert.equal(asked, 2)
    await fails(list(page), () => storage.list({ prefix: 'a' }))
    assert.ok(asked <= 100, `${asked} requests`)
  })

  it('expands no entities of its own', async () => {
    const bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    const body = xmlDocument('ListBucketResult', { IsTruncated: false }).replace('<ListB', `${bomb}<ListB`)
    answer = text(body.replace('</ListB', '<Contents><Key>p/a&b;</Key></Contents></ListB'))
    assert.equal(await outcome(storage.list({ prefix: 'a' })), 'unavailable')
  })

  it('fills no memory', async () => {
    const before = process.memoryUsage().arrayBuffers
    for (const status of [200, 500, 403]) {
      await fails(endless(status, '<ListBucketResult>'), () => storage.list({ prefix: 'a' }))
      assert.ok(process.memoryUsage().arrayBuffers - before < 8 * MAX_ANSWER)
    }
    await fails(endless(404, '<Error>'), () => storage.get('a'))
    await fails(endless(200, '<Error>'), () => storage.put('a', bytesOf('x')))
  })

  it('is met when it says that it has written, and not what', () =>
    fails(text(''), () => storage.put('a', bytesOf('x'))))
})
