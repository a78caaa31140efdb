// One request to the in-process S3, taken apart, and what is answered.
import type { IncomingMessage } from 'node:http'
import { xmlDocument } from './xml.fixture.ts'

export interface S3Request {
  /** Name of the operation, as in the S3 API: "PutObject". */
  operation: string
  method: string
  /** Path and query as they were sent. */
  target: string
  bucket: string
  /** "" for requests of the bucket. */
  key: string
  query: URLSearchParams
  headers: IncomingMessage['headers']
  body: Buffer
  /** When it came, milliseconds since 1970, by the clock of the service. */
  time: number
}

export interface S3Answer {
  status: number
  headers?: Record<string, string>
  body?: Buffer | string
}

/** A refusal, with one of the codes of S3. */
export class S3Refusal extends Error {
  readonly status: number
  readonly code: string
  readonly headers: Record<string, string>

  constructor(status: number, code: string, message: string, headers: Record<string, string> = {}) {
    super(message)
    this.status = status
    this.code = code
    this.headers = headers
  }
}

/** Longest body of a request. */
const MAX_BODY = 128 * 1024 * 1024

export async function readRequest(message: IncomingMessage, time: number): Promise<S3Request> {
  const { method = '', url: target = '/', headers } = message
  const [path = '', search] = target.split('?')
  const query = new URLSearchParams(search)
  const [, bucket = '', rest = ''] = /^\/([^/]*)\/?(.*)$/s.exec(path) ?? []
  const [name, key] = [decodeURIComponent(bucket), decodeURIComponent(rest)]
  const operation = operationOf(method, name, key, query)
  return { operation, method, target, bucket: name, key, query, headers, body: await readBody(message), time }
}

const OF_OBJECTS: Record<string, string> = {
  GET: 'GetObject',
  HEAD: 'HeadObject',
  PUT: 'PutObject',
  DELETE: 'DeleteObject',
}
const OF_BUCKETS: Record<string, string> = { PUT: 'CreateBucket', HEAD: 'HeadBucket', DELETE: 'DeleteBucket' }

function operationOf(method: string, bucket: string, key: string, query: URLSearchParams): string {
  const parameters = [...query.keys()].filter((name) => name !== 'x-id') // the SDK's own
  if (bucket === '') return 'unknown'
  if (key === '' && method === 'GET' && query.get('list-type') === '2') return 'ListObjectsV2'
  if (parameters.length > 0) return 'unknown' // such as ?acl, ?uploads, ?versionId
  return (key === '' ? OF_BUCKETS : OF_OBJECTS)[method] ?? 'unknown'
}

async function readBody(message: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = []
  let length = 0
  for await (const piece of message) {
    length += piece.length
    if (length > MAX_BODY) throw new S3Refusal(400, 'EntityTooLarge', 'Your proposed upload exceeds the maximum size')
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

export function refusalAnswer({ status, code, message, headers }: S3Refusal, request?: S3Request): S3Answer {
  const body = xmlDocument('Error', { Code: code, Message: message, Key: request?.key, RequestId: 'in-process' })
  return { status, headers: { 'content-type': 'application/xml', ...headers }, body }
}
