// Whether a request was signed with the right secret (AWS Signature Version 4, in the header), and its body arrived whole.
import { createHmac, hash } from 'node:crypto'
import { S3Refusal, type S3Request } from './exchange.fixture.ts'

export interface Credentials {
  accessKey: string
  secretKey: string
}

/** Longest difference between the clocks of client and service, in milliseconds. */
const MAX_SKEW = 15 * 60_000

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=(?<key>[^/]+)\/(?<scope>(?<day>\d{8})\/(?<region>[^/]+)\/s3\/aws4_request), ?SignedHeaders=(?<names>[a-z0-9;-]+), ?Signature=(?<signature>[0-9a-f]{64})$/

export function checkSignature(request: S3Request, { accessKey, secretKey }: Credentials): void {
  const { authorization = '', 'x-amz-date': date } = request.headers
  const found = AUTHORIZATION.exec(authorization)?.groups
  if (found === undefined || typeof date !== 'string') throw new S3Refusal(403, 'AccessDenied', 'Access Denied')
  if (found.key !== accessKey) throw new S3Refusal(403, 'InvalidAccessKeyId', 'The AWS access key does not exist')
  if (!(Math.abs(parseDate(date) - request.time) <= MAX_SKEW))
    throw new S3Refusal(403, 'RequestTimeTooSkewed', 'The difference between the clocks is too large')
  const names = found.names!.split(';')
  checkNames(request, names)
  const text = ['AWS4-HMAC-SHA256', date, found.scope, hash('sha256', canonicalRequest(request, names))].join('\n')
  const parts = [found.day!, found.region!, 's3', 'aws4_request', text]
  const signature = parts.reduce<Buffer | string>((key, part) => hmac(key, part), `AWS4${secretKey}`)
  if (signature.toString('hex') !== found.signature)
    throw new S3Refusal(403, 'SignatureDoesNotMatch', 'The request signature does not match')
}

/** The body against every checksum that came with it. */
export function checkBody({ headers, body }: S3Request): void {
  const claimed = headers['x-amz-content-sha256']
  if (String(claimed).startsWith('STREAMING-'))
    throw new S3Refusal(411, 'MissingContentLength', 'Bodies in signed pieces are not taken here')
  if (claimed !== 'UNSIGNED-PAYLOAD' && claimed !== hash('sha256', body))
    throw new S3Refusal(400, 'XAmzContentSHA256Mismatch', 'The body does not match x-amz-content-sha256')
  checkBase64(headers['x-amz-checksum-sha256'], 'sha256', body)
  checkBase64(headers['content-md5'], 'md5', body)
}

function checkBase64(claimed: unknown, algorithm: string, body: Buffer): void {
  if (claimed === undefined || claimed === hash(algorithm, body, 'base64')) return
  throw new S3Refusal(400, 'BadDigest', `The ${algorithm} that you specified did not match what we received`)
}

function checkNames({ headers }: S3Request, names: string[]): void {
  const wanted = Object.keys(headers).filter((name) => name === 'host' || name.startsWith('x-amz-'))
  const missing = wanted.find((name) => !names.includes(name))
  if (missing !== undefined) throw new S3Refusal(403, 'AccessDenied', `The header ${missing} is not signed`)
}

function canonicalRequest({ method, target, headers }: S3Request, names: string[]): string {
  const [path = '', query = ''] = target.split('?')
  const lines = names.map((name) => `${name}:${String(headers[name]).trim().replace(/ +/g, ' ')}\n`)
  const payload = String(headers['x-amz-content-sha256'])
  return [method, canonicalPath(path), canonicalQuery(query), lines.join(''), names.join(';'), payload].join('\n')
}

function canonicalPath(path: string): string {
  return path
    .split('/')
    .map((part) => encoded(decodeURIComponent(part)))
    .join('/')
}

function canonicalQuery(query: string): string {
  const pairs = query.split('&').filter((pair) => pair !== '')
  return pairs
    .map((pair) => {
      const [name = '', value = ''] = pair.split('=').map((text) => encoded(decodeURIComponent(text)))
      return `${name}=${value}`
    })
    .sort()
    .join('&')
}

function encoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

/** "20261123T101530Z" as milliseconds since 1970, or NaN. */
function parseDate(text: string): number {
  return Date.parse(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
}
