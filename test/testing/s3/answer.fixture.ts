// What S3 answers to each operation: the rules of the service, as far as the project uses it.
import { type Bucket, createBucket, type S3Object } from './bucket.fixture.ts'
import { type S3Answer, S3Refusal, type S3Request } from './exchange.fixture.ts'
import { xmlDocument } from './xml.fixture.ts'

/** Ways in which services that speak S3 differ. */
export interface S3Variant {
  /** Conditions on PUT are kept. @default true */
  conditional?: boolean
  /** Conditions on DELETE are kept. @default the same as `conditional` */
  conditionalDelete?: boolean
  /** As Ceph RGW 16: If-Match holds only for a tag without quotes. */
  unquotedIfMatch?: boolean
  /** As MinIO before 2025-09: If-Match on PUT holds where there is nothing. */
  matchesNothing?: boolean
  /** The credentials may read only. */
  readOnly?: boolean
  /** The credentials may not list, so that what is not there is forbidden. */
  noList?: boolean
  /** Most entries of a page. @default 1000 */
  pageSize?: number
}

export interface Service {
  buckets: Map<string, Bucket>
  variant: S3Variant
}

type Operation = (service: Service, request: S3Request) => S3Answer

const OPERATIONS: Record<string, Operation> = {
  CreateBucket({ buckets }, { bucket }) {
    if (buckets.has(bucket)) throw new S3Refusal(409, 'BucketAlreadyOwnedByYou', 'You own this bucket already')
    buckets.set(bucket, createBucket())
    return { status: 200 }
  },
  DeleteBucket(service, request) {
    if (bucketOf(service, request).size() > 0) throw new S3Refusal(409, 'BucketNotEmpty', 'The bucket is not empty')
    service.buckets.delete(request.bucket)
    return { status: 204 }
  },
  HeadBucket(service, request) {
    bucketOf(service, request)
    return { status: 200 }
  },
  PutObject: putObject,
  GetObject: getObject,
  HeadObject: (service, request) => ({ status: 200, headers: headersOf(objectOf(service, request)) }),
  DeleteObject: deleteObject,
  ListObjectsV2: listObjects,
}

export function answer(service: Service, request: S3Request): S3Answer {
  const operation = OPERATIONS[request.operation]
  if (operation === undefined) throw new S3Refusal(501, 'NotImplemented', 'This operation is not implemented')
  const writes = request.method === 'PUT' || request.method === 'DELETE'
  if (service.variant.readOnly && writes) throw new S3Refusal(403, 'AccessDenied', 'Access Denied')
  return operation(service, request)
}

function bucketOf({ buckets }: Service, { bucket }: S3Request): Bucket {
  const found = buckets.get(bucket)
  if (found === undefined) throw new S3Refusal(404, 'NoSuchBucket', 'The specified bucket does not exist')
  return found
}

function objectOf(service: Service, request: S3Request): S3Object {
  const object = bucketOf(service, request).get(request.key)
  if (object !== undefined) return object
  if (service.variant.noList) throw new S3Refusal(403, 'AccessDenied', 'Access Denied')
  throw new S3Refusal(404, 'NoSuchKey', 'The specified key does not exist')
}

function putObject(service: Service, request: S3Request): S3Answer {
  const bucket = bucketOf(service, request)
  if (Buffer.byteLength(request.key) > 1024) throw new S3Refusal(400, 'KeyTooLongError', 'Your key is too long')
  const { conditional = true } = service.variant
  if (conditional) checkPut(service, request, bucket.get(request.key))
  const object = bucket.put(request.key, request.body, request.time)
  return { status: 200, headers: { etag: `"${object.etag}"` } }
}

function checkPut({ variant }: Service, { headers }: S3Request, present: S3Object | undefined): void {
  if (headers['if-none-match'] === '*' && present !== undefined) throw preconditionFailed()
  const ifMatch = headers['if-match']
  if (ifMatch === undefined || (variant.matchesNothing && present === undefined)) return
  if (present === undefined) throw new S3Refusal(404, 'NoSuchKey', 'The specified key does not exist')
  if (!matches(variant, ifMatch, present)) throw preconditionFailed()
}

function matches({ unquotedIfMatch }: S3Variant, ifMatch: string, { etag }: S3Object): boolean {
  return ifMatch === '*' || ifMatch === etag || (!unquotedIfMatch && ifMatch === `"${etag}"`)
}

function preconditionFailed(): S3Refusal {
  return new S3Refusal(412, 'PreconditionFailed', 'At least one of the pre-conditions did not hold')
}

function deleteObject(service: Service, request: S3Request): S3Answer {
  const { conditional = true, conditionalDelete = conditional } = service.variant
  const bucket = bucketOf(service, request)
  const [present, ifMatch] = [bucket.get(request.key), request.headers['if-match']]
  // S3 answers a conditional delete of what is not there as it does an unconditional one.
  if (conditionalDelete && present && ifMatch !== undefined && !matches(service.variant, ifMatch, present))
    throw preconditionFailed()
  bucket.delete(request.key)
  return { status: 204 }
}

function getObject(service: Service, request: S3Request): S3Answer {
  const object = objectOf(service, request)
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
  if (range === null) return { status: 200, headers: headersOf(object), body: object.body }
  const size = object.body.length
  const [first, last] = [Number(range[1]), Math.min(range[2] ? Number(range[2]) : size, size - 1)]
  if (first >= size) {
    throw new S3Refusal(416, 'InvalidRange', 'The requested range is not satisfiable', {
      'content-range': `bytes */${size}`,
    })
  }
  const headers = { ...headersOf(object), 'content-range': `bytes ${first}-${last}/${size}` }
  return { status: 206, headers, body: object.body.subarray(first, last + 1) }
}

/** As for HEAD; whoever sends a body sets its length. */
function headersOf({ body, etag, modified }: S3Object): Record<string, string> {
  return {
    'content-length': `${body.length}`,
    'content-type': 'application/octet-stream',
    'accept-ranges': 'bytes',
    etag: `"${etag}"`,
    'last-modified': new Date(modified).toUTCString(),
  }
}

function listObjects(service: Service, request: S3Request): S3Answer {
  const bucket = bucketOf(service, request)
  if (service.variant.noList) throw new S3Refusal(403, 'AccessDenied', 'Access Denied')
  const { query } = request
  const text = (name: string) => query.get(name) ?? ''
  const limit = Math.min(Number(query.get('max-keys') ?? 1000), service.variant.pageSize ?? 1000)
  const after = Buffer.from(text('continuation-token'), 'base64url').toString()
  const asked = { prefix: text('prefix'), delimiter: text('delimiter'), startAfter: text('start-after'), after, limit }
  const { keys, prefixes, next } = bucket.page(asked)
  const isEncoded = query.get('encoding-type') === 'url'
  const name = isEncoded ? formEncoded : (key: string) => key
  const page = {
    Name: request.bucket,
    Prefix: name(asked.prefix),
    Delimiter: asked.delimiter === '' ? undefined : name(asked.delimiter),
    StartAfter: asked.startAfter === '' ? undefined : name(asked.startAfter),
    EncodingType: isEncoded ? 'url' : undefined,
    MaxKeys: limit,
    KeyCount: keys.length + prefixes.length,
    IsTruncated: next !== undefined,
    NextContinuationToken: next === undefined ? undefined : Buffer.from(next).toString('base64url'),
    Contents: keys.map((key) => contentsOf(name(key), bucket.get(key)!)),
    CommonPrefixes: prefixes.map((prefix) => ({ Prefix: name(prefix) })),
  }
  const headers = { 'content-type': 'application/xml' }
  return { status: 200, headers, body: xmlDocument('ListBucketResult', page) }
}

function contentsOf(key: string, { body, etag, modified }: S3Object) {
  const time = new Date(modified).toISOString()
  return { Key: key, LastModified: time, ETag: `"${etag}"`, Size: body.length, StorageClass: 'STANDARD' }
}

/** As forms are encoded, except for "/": a space is "+". */
function formEncoded(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1).replaceAll('%2F', '/')
}
