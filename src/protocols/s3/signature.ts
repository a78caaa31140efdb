// Whether a request was signed with the secret that belongs to its access key: AWS Signature Version 4 for S3.
import { createHmac, hash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { decodePercent } from '../url-path.ts'
import { S3Error } from './s3-error.ts'
import { ALGORITHM, type SignatureParts } from './signature-parts.ts'

export interface SignedRequest {
  method: string
  /** As it came, percent-encoded. */
  path: string
  /** As it came, without the question mark. */
  query: string
  headers: IncomingHttpHeaders
  /** Of HTTP/1.1 the Host header, of HTTP/2 the pseudo-header. */
  authority: string | undefined
}

/** Longest difference between the clocks of client and hub, in milliseconds. */
const MAX_SKEW = 15 * 60_000
const UNSIGNED = 'UNSIGNED-PAYLOAD'
/** Requests that read have no body. */
const EMPTY = hash('sha256', '')

/** @param now milliseconds since 1970 @throws {S3Error} when the request is not what the owner of the secret has signed */
export function checkSignature(request: SignedRequest, parts: SignatureParts, secret: string, now: number): void {
  checkTime(parts, now)
  checkSignedHeaders(request, parts)
  if (parts.payload !== UNSIGNED && parts.payload !== EMPTY)
    throw new S3Error('XAmzContentSHA256Mismatch', 'The signed hash of the body is not that of an empty one')
  const wanted = Buffer.from(signatureOf(request, parts, secret), 'hex')
  if (!timingSafeEqual(wanted, Buffer.from(parts.signature, 'hex')))
    throw new S3Error('SignatureDoesNotMatch', 'The signature is not what this request and this secret key give')
}

function checkTime({ date, expires }: SignatureParts, now: number): void {
  const signed = Date.parse(date.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'))
  const isTooOld = expires === undefined && now - signed > MAX_SKEW
  if (!(signed - now <= MAX_SKEW) || isTooOld)
    throw new S3Error('RequestTimeTooSkewed', 'The clock of the client differs from that of the hub by over 15 minutes')
  if (expires !== undefined && now > signed + expires * 1000)
    throw new S3Error('AccessDenied', 'The presigned address has expired')
}

/** What is not signed, somebody on the way may have put there. */
function checkSignedHeaders({ headers }: SignedRequest, { signedHeaders }: SignatureParts): void {
  const signed = new Set(signedHeaders)
  if (!signed.has('host')) throw new S3Error('AccessDenied', 'The header host is not signed')
  const missing = Object.keys(headers).find((name) => name.startsWith('x-amz-') && !signed.has(name))
  if (missing !== undefined) throw new S3Error('AccessDenied', `The header ${missing} is not signed`)
}

function signatureOf(request: SignedRequest, parts: SignatureParts, secret: string): string {
  const { day, region, date } = parts
  const scope = [day, region, 's3', 'aws4_request']
  const text = [ALGORITHM, date, scope.join('/'), hash('sha256', canonicalRequest(request, parts))].join('\n')
  const key = scope.reduce<Buffer | string>(hmac, `AWS4${secret}`)
  return hmac(key, text).toString('hex')
}

/** Exported for tests. */
export function canonicalRequest(request: SignedRequest, { signedHeaders, payload, expires }: SignatureParts): string {
  const { method, path, query } = request
  const isPresigned = expires !== undefined
  const headers = signedHeaders.map((name) => `${name}:${headerValue(request, name)}\n`).join('')
  return [
    method,
    canonicalPath(path),
    canonicalQuery(query, isPresigned),
    headers,
    signedHeaders.join(';'),
    payload,
  ].join('\n')
}

function headerValue({ headers, authority = '' }: SignedRequest, name: string): string {
  const value = name === 'host' ? authority : (headers[name] ?? '')
  return String(value).trim().replace(/ +/g, ' ')
}

/** S3 encodes once, whatever the client has encoded of it. */
function canonicalPath(path: string): string {
  return path
    .split('/')
    .map((part) => encode(decode(part)))
    .join('/')
}

/** Sorted by the encoded names, then values. */
function canonicalQuery(query: string, isPresigned: boolean): string {
  const pairs = query
    .split('&')
    .filter((pair) => pair !== '')
    .map(
      (pair) => pair.split(/=(.*)/s, 2).map((text) => encode(decode(text.replaceAll('+', ' ')))) as [string, string?],
    )
    .filter(([name]) => !isPresigned || name !== 'X-Amz-Signature')
    .map(([name, value = '']) => ({ name, value }))
  pairs.sort((a, b) => compare(a.name, b.name) || compare(a.value, b.value))
  return pairs.map(({ name, value }) => `${name}=${value}`).join('&')
}

/** Both are ASCII here. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function decode(text: string): string {
  try {
    return decodePercent(text)
  } catch {
    throw new S3Error('InvalidURI', 'The address has malformed percent-encoding in it')
  }
}

/** All but letters, digits, "-", ".", "_" and "~". */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
