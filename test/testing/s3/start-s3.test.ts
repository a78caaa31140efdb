// The in-process S3 is as strict as a real one where it matters: a client that is wrong has to fail on it too.
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { after, before, describe, it } from 'node:test'
import { GetObjectCommand, ListBucketsCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { type S3Server, startS3 } from './start-s3.fixture.ts'

type Headers = Record<string, string>

describe('the in-process S3', () => {
  let server: S3Server
  let client: S3Client
  let change: (request: { headers: Headers; path: string }) => void = () => {}

  before(async () => {
    server = await startS3()
    const credentials = { accessKeyId: 'test-access', secretAccessKey: 'test-secret' }
    const place = { endpoint: server.endpoint, region: 'us-east-1', forcePathStyle: true }
    const logger = { debug() {}, info() {}, warn() {}, error() {} }
    client = new S3Client({
      ...place,
      credentials,
      logger,
      maxAttempts: 1,
      requestChecksumCalculation: 'WHEN_REQUIRED',
    })
    client.middlewareStack.add(
      (next) => (args) => {
        change(args.request as { headers: Headers; path: string }) // after it was signed
        return next(args)
      },
      { step: 'finalizeRequest', priority: 'low' },
    )
  })
  after(async () => {
    client.destroy()
    await server.close()
  })

  async function refused(name: string, how: typeof change, body: string | Readable = 'hello'): Promise<void> {
    change = how
    const put = client.send(new PutObjectCommand({ Bucket: 'bucket', Key: 'a b', Body: body }))
    await assert.rejects(put, { name })
    change = () => {}
  }

  it('takes what was signed', async () => {
    await client.send(new PutObjectCommand({ Bucket: 'bucket', Key: "it's (a) b+c/%2F*é", Body: 'x' }))
    const { Body } = await client.send(new GetObjectCommand({ Bucket: 'bucket', Key: "it's (a) b+c/%2F*é" }))
    assert.equal(await Body?.transformToString(), 'x')
  })

  it('refuses what was changed after it was signed', async () => {
    await refused('SignatureDoesNotMatch', (request) => Object.assign(request, { path: '/bucket/other' }))
    await refused('SignatureDoesNotMatch', ({ headers }) => Object.assign(headers, { 'x-amz-content-sha256': 'x' }))
    await refused('SignatureDoesNotMatch', ({ headers }) => Object.assign(headers, { 'x-amz-user-agent': 'other' }))
    await refused('AccessDenied', ({ headers }) => Object.assign(headers, { 'x-amz-meta-more': 'x' }))
    await refused('XAmzContentSHA256Mismatch', (request) => Object.assign(request, { body: 'hullo' }))
  })

  it('refuses what was not signed, or long ago', async () => {
    await refused('AccessDenied', ({ headers }) => Reflect.deleteProperty(headers, 'authorization'))
    await refused('RequestTimeTooSkewed', ({ headers }) => Object.assign(headers, { 'x-amz-date': '20200101T000000Z' }))
    assert.equal((await fetch(`${server.endpoint}/bucket/a`)).status, 403)
  })

  it('takes no bodies in signed pieces, and knows no operations but those of a store', async () => {
    await assert.rejects(client.send(new ListBucketsCommand({})), { name: 'NotImplemented' })
    const stream = Readable.from([Buffer.from('hello')])
    const put = { Bucket: 'bucket', Key: 'a', Body: stream, ContentLength: 5, ChecksumAlgorithm: 'SHA256' as const }
    await assert.rejects(client.send(new PutObjectCommand(put)))
  })
})
