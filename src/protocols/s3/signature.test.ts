// Signatures that AWS has published and that its SDK makes, checked; and all that may be wrong with them.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { S3Client } from '@aws-sdk/client-s3'
import type { RequestPresigner, RequestSigner } from '@smithy/types'
import fc from 'fast-check'
import { S3Error } from './s3-error.ts'
import { checkSignature, type SignedRequest } from './signature.ts'
import { signatureParts } from './signature-parts.ts'

const SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'
const KEY = 'AKIAIOSFODNN7EXAMPLE'
/** 2013-05-24, the day of the examples in the S3 API Reference, "Signature Calculations". */
const DAY = Date.UTC(2013, 4, 24)
const MINUTE = 60_000
const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

function check(request: SignedRequest, now = DAY, secret = SECRET): void {
  const parts = signatureParts(request.headers, request.query)
  assert.ok(parts, 'the request is not signed')
  checkSignature(request, parts, secret, now)
}

function refuses(code: string, request: SignedRequest, now?: number, secret?: string): void {
  assert.throws(
    () => check(request, now, secret),
    (error) => error instanceof S3Error && error.s3Code === code,
    code,
  )
}

function published(
  path: string,
  query: string,
  signature: string,
  headers: Record<string, string> = {},
): SignedRequest {
  const all = { ...headers, 'x-amz-content-sha256': EMPTY, 'x-amz-date': '20130524T000000Z' }
  const names = ['host', ...Object.keys(all)].sort().join(';')
  const authorization = `AWS4-HMAC-SHA256 Credential=${KEY}/20130524/us-east-1/s3/aws4_request,SignedHeaders=${names},Signature=${signature}`
  return { method: 'GET', path, query, authority: 'examplebucket.s3.amazonaws.com', headers: { ...all, authorization } }
}

const GET_OBJECT = published('/test.txt', '', 'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41', {
  range: 'bytes=0-9',
})

describe('signatures that AWS has published', () => {
  it('hold for objects, sub-resources and lists', () => {
    check(GET_OBJECT)
    check(published('/', 'lifecycle', 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543'))
    check(published('/', 'max-keys=2&prefix=J', '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7'))
  })

  it('hold for a presigned address', () => {
    const credential = `${KEY}%2F20130524%2Fus-east-1%2Fs3%2Faws4_request`
    const signature = 'aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404'
    const query = `X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${credential}&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=${signature}`
    const request = {
      method: 'GET',
      path: '/test.txt',
      query,
      authority: 'examplebucket.s3.amazonaws.com',
      headers: {},
    }
    check(request)
    check(request, DAY + 86_400_000)
    refuses('AccessDenied', request, DAY + 86_400_001)
    refuses('RequestTimeTooSkewed', request, DAY - 16 * MINUTE)
    refuses('SignatureDoesNotMatch', { ...request, path: '/test.txt2' })
    refuses('SignatureDoesNotMatch', { ...request, query: query.replace('86400', '86401') })
    refuses('AuthorizationQueryParametersError', { ...request, query: query.replace('86400', '604801') })
    refuses('AuthorizationQueryParametersError', { ...request, query: `${query}&X-Amz-Date=20130524T000000Z` })
    refuses('InvalidArgument', { ...request, headers: { authorization: 'AWS4-HMAC-SHA256 x' } })
  })
})

describe('checkSignature', () => {
  it('refuses another secret, method, path, query, host or signed header', () => {
    refuses('SignatureDoesNotMatch', GET_OBJECT, DAY, `${SECRET}x`)
    refuses('SignatureDoesNotMatch', { ...GET_OBJECT, method: 'HEAD' })
    refuses('SignatureDoesNotMatch', { ...GET_OBJECT, path: '/other.txt' })
    refuses('SignatureDoesNotMatch', { ...GET_OBJECT, query: 'a' })
    refuses('SignatureDoesNotMatch', { ...GET_OBJECT, authority: 'example.com' })
    refuses('SignatureDoesNotMatch', { ...GET_OBJECT, headers: { ...GET_OBJECT.headers, range: 'bytes=0-10' } })
  })

  it('holds for a quarter of an hour', () => {
    for (const now of [DAY - 15 * MINUTE, DAY + 15 * MINUTE]) check(GET_OBJECT, now)
    for (const now of [DAY - 15 * MINUTE - 1, DAY + 15 * MINUTE + 1]) refuses('RequestTimeTooSkewed', GET_OBJECT, now)
  })

  it('wants the host and all headers of AWS signed, and the hash of no body', () => {
    const { headers } = GET_OBJECT
    const but = (changes: Record<string, string>) => ({ ...GET_OBJECT, headers: { ...headers, ...changes } })
    const authorization = headers.authorization!
    refuses('AccessDenied', but({ authorization: authorization.replace('host;', '') }))
    refuses('AccessDenied', but({ 'x-amz-copy-source': 'x' }))
    refuses('XAmzContentSHA256Mismatch', but({ 'x-amz-content-sha256': 'a'.repeat(64) }))
    refuses('XAmzContentSHA256Mismatch', but({ 'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD' }))
    refuses('SignatureDoesNotMatch', but({ 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' }))
  })

  it('refuses what cannot be read', () => {
    const { headers } = GET_OBJECT
    const authorization = headers.authorization!
    const but = (change: [string | RegExp, string]) => ({
      ...GET_OBJECT,
      headers: { ...headers, authorization: authorization.replace(...change) },
    })
    const malformed: [string | RegExp, string][] = [
      ['AWS4-HMAC-SHA256', 'AWS4-ECDSA-P256-SHA256'],
      ['/s3/', '/ec2/'],
      ['aws4_request', 'aws3_request'],
      ['20130524', '20130525'],
      ['Signature=f', 'Signature=F'],
      ['Signature=f', 'Signature='],
      [/SignedHeaders=[^,]*/, 'SignedHeaders=;'],
      [',SignedHeaders', ', , SignedHeaders'],
    ]
    for (const change of malformed) refuses('AuthorizationHeaderMalformed', but(change))
    refuses('AuthorizationHeaderMalformed', { ...GET_OBJECT, headers: { ...headers, authorization: 'AWS abc:def' } })
    const older = 'AWSAccessKeyId=key&Signature=x&Expires=2000000000'
    refuses('AuthorizationQueryParametersError', { ...GET_OBJECT, query: older, headers: {} })
    refuses('AccessDenied', { ...GET_OBJECT, headers: { ...headers, 'x-amz-date': 'today' } })
    refuses('RequestTimeTooSkewed', { ...GET_OBJECT, headers: { ...headers, 'x-amz-date': '20130524T999999Z' } })
    refuses('InvalidURI', { ...GET_OBJECT, path: '/%zz' })
    refuses('InvalidURI', { ...GET_OBJECT, query: 'a=%ff' })
  })

  it('leaves requests alone that are not signed, or in another way', () => {
    assert.equal(signatureParts({}, 'list-type=2'), undefined)
    assert.equal(signatureParts({ authorization: 'Bearer token' }, ''), undefined)
  })
})

describe('the signer of the AWS SDK', async () => {
  const credentials = { accessKeyId: KEY, secretAccessKey: SECRET }
  const client = new S3Client({
    endpoint: 'http://hub:8080/s3',
    region: 'eu-north-1',
    forcePathStyle: true,
    credentials,
  })
  const signer = (await client.config.signer()) as RequestSigner & RequestPresigner
  const signingDate = new Date(DAY)
  const escaped = (text: string) =>
    encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
  const text = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((value) => value.isWellFormed())

  it('is understood, whatever key and query it signs', async () => {
    const name = text.filter((value) => value !== '' && !/^(?:x-amz.*|__proto__)$/i.test(value))
    const request = fc.record({
      key: fc.array(text, { maxLength: 4 }),
      query: fc.dictionary(name, text, { maxKeys: 4 }),
    })
    const law = fc.asyncProperty(request, fc.boolean(), async ({ key, query }, presigns) => {
      const path = `/s3/bucket/${key.map(escaped).join('/')}`
      const plain = {
        method: 'GET',
        protocol: 'http:',
        hostname: 'hub',
        port: 8080,
        path,
        query,
        headers: { host: 'hub:8080' },
      }
      const unsigned = { ...plain, headers: { ...plain.headers, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } }
      const signed = presigns
        ? await signer.presign(unsigned, { signingDate, expiresIn: 60 })
        : await signer.sign(plain, { signingDate })
      const queryText = Object.entries(signed.query ?? {})
        .map(([k, v]) => `${escaped(k)}=${escaped(String(v))}`)
        .join('&')
      const sent = { method: 'GET', path, query: queryText, authority: 'hub:8080', headers: signed.headers }
      check(sent)
      refuses('SignatureDoesNotMatch', sent, DAY, 'another secret')
    })
    await fc.assert(law, { numRuns: 100 })
  })
})
