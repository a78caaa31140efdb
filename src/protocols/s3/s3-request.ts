// Which operation of S3 a request is, in path style: /s3, /s3/BUCKET, /s3/BUCKET/KEY.
import { MAX_PATH_BYTES } from '../../core/path.ts'
import { decodePercent } from '../url-path.ts'
import { S3Error } from './s3-error.ts'

export type S3Operation =
  | 'ListBuckets'
  | 'HeadBucket'
  | 'GetBucketLocation'
  | 'ListObjects'
  | 'ListObjectsV2'
  | 'GetObject'

export interface S3Request {
  operation: S3Operation
  bucket: string
  /** "" where it is none. */
  key: string
  query: URLSearchParams
}

const MAX_KEY = MAX_PATH_BYTES + 256
/** Parameters that make another operation of a request. Those that we answer are not among them, and others mean nothing. */
const OTHERS = new Set(
  `accelerate acl analytics annotation attributes cors delete encryption intelligent-tiering inventory legal-hold lifecycle logging
  metadataConfiguration metadataTable metrics notification object-lock ownershipControls partNumber policy policyStatus
  publicAccessBlock replication requestPayment restore retention select session tagging torrent uploadId uploads versionId
  versioning versions website`.split(/\s+/),
)

/** @param rest of the path, as it came, behind "/s3" @throws {S3Error} */
export function parseS3Request(method: string, rest: string, queryText: string): S3Request {
  if (method !== 'GET' && method !== 'HEAD')
    throw new S3Error(
      'MethodNotAllowed',
      `Datasets are read here, and changed by "aetherfs push"; ${method} is not taken`,
      {
        headers: { allow: 'GET, HEAD' },
      },
    )
  const [, rawBucket = '', rawKey = ''] = /^\/?([^/]*)\/?(.*)$/s.exec(rest) ?? []
  const [bucket, key] = [decode(rawBucket), decode(rawKey)]
  if (Buffer.byteLength(key) > MAX_KEY) throw new S3Error('KeyTooLongError', `The key is longer than ${MAX_KEY} bytes`)
  const query = new URLSearchParams(queryText)
  const other = query.keys().find((name) => OTHERS.has(name))
  if (other !== undefined) throw new S3Error('NotImplemented', `Requests with "${other}" are not answered here`)
  return { operation: operationOf(method, bucket, key, query), bucket, key, query }
}

function operationOf(method: string, bucket: string, key: string, query: URLSearchParams): S3Operation {
  if (bucket === '') return 'ListBuckets'
  if (key !== '') return 'GetObject'
  if (method === 'HEAD') return 'HeadBucket'
  if (query.has('location')) return 'GetBucketLocation'
  const listType = query.get('list-type')
  if (listType !== null && listType !== '2')
    throw new S3Error('InvalidArgument', `There is no list-type "${listType}", but 2`)
  return listType === '2' ? 'ListObjectsV2' : 'ListObjects'
}

function decode(text: string): string {
  try {
    return decodePercent(text)
  } catch {
    throw new S3Error('InvalidURI', 'The address has malformed percent-encoding in it')
  }
}
