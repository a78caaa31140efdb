// Where a request says who signed it: the Authorization header, or the query of a presigned address. AWS Signature Version 4,
// "Authenticating Requests" in the S3 API Reference. Nothing is believed here; signature.ts checks it.
import type { IncomingHttpHeaders } from 'node:http'
import { S3Error } from './s3-error.ts'

export const ALGORITHM = 'AWS4-HMAC-SHA256'

export interface SignatureParts {
  accessKeyId: string
  /** "20261130" */
  day: string
  region: string
  /** As it came: "20261130T101530Z". */
  date: string
  /** In lower case, in order. */
  signedHeaders: string[]
  /** 64 hex digits. */
  signature: string
  /** What was signed as the hash of the body. */
  payload: string
  /** Seconds for which a presigned address holds; undefined for a header. */
  expires: number | undefined
}

const HEADER =
  /^AWS4-HMAC-SHA256[ ]+Credential=(?<credential>[^\s,]{1,512}),[ ]*SignedHeaders=(?<names>[^\s,]{1,1024}),[ ]*Signature=(?<signature>[^\s,]{1,64})$/
const CREDENTIAL =
  /^(?<accessKeyId>[\x21-\x7e]{1,256})\/(?<day>\d{8})\/(?<region>[a-z0-9-]{1,64})\/(?<service>[a-z0-9-]{1,32})\/aws4_request$/
const NAMES = /^[a-z0-9!#$%&'*+.^_`|~-]+(?:;[a-z0-9!#$%&'*+.^_`|~-]+)*$/
const DATE = /^\d{8}T\d{6}Z$/
const SIGNATURE = /^[0-9a-f]{64}$/
/** Longest that a presigned address may hold: seven days. */
const MAX_EXPIRES = 604_800
/** Each of them makes a presigned address; the last one an address of the older kind, which is not taken. */
const PRESIGNED = ['X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Signature', 'AWSAccessKeyId']
const PARAMETERS = [
  'X-Amz-Credential',
  'X-Amz-Date',
  'X-Amz-Expires',
  'X-Amz-SignedHeaders',
  'X-Amz-Signature',
] as const

/** Undefined for a request that is not signed. @throws {S3Error} for a signature that cannot be read */
export function signatureParts(headers: IncomingHttpHeaders, query: string): SignatureParts | undefined {
  const parameters = new URLSearchParams(query)
  const isPresigned = PRESIGNED.some((name) => parameters.has(name))
  const { authorization } = headers
  const isSigned = authorization?.startsWith('AWS') ?? false
  if (isPresigned && authorization !== undefined)
    throw new S3Error('InvalidArgument', 'A request is signed in its header or in its query, not in both')
  if (isPresigned) return fromQuery(parameters)
  return isSigned ? fromHeader(authorization ?? '', headers) : undefined
}

function fromHeader(authorization: string, headers: IncomingHttpHeaders): SignatureParts {
  const refuse = (reason: string) => new S3Error('AuthorizationHeaderMalformed', `The Authorization header ${reason}`)
  const { credential = '', names = '', signature = '' } = HEADER.exec(authorization)?.groups ?? {}
  if (credential === '') throw refuse(`is not "${ALGORITHM} Credential=…, SignedHeaders=…, Signature=…"`)
  const payload = headers['x-amz-content-sha256']
  if (typeof payload !== 'string') throw new S3Error('InvalidArgument', 'The header x-amz-content-sha256 is missing')
  const date = String(headers['x-amz-date'] ?? '')
  return { ...checkedParts({ credential, names, signature, date }, refuse), payload, expires: undefined }
}

function fromQuery(parameters: URLSearchParams): SignatureParts {
  const refuse = (reason: string) => new S3Error('AuthorizationQueryParametersError', `The query ${reason}`)
  if (parameters.get('X-Amz-Algorithm') !== ALGORITHM) throw refuse(`does not say X-Amz-Algorithm=${ALGORITHM}`)
  const [credential, date, expiresText, names, signature] = PARAMETERS.map((name) => {
    const values = parameters.getAll(name)
    if (values.length !== 1) throw refuse(`does not have ${name} once`)
    return values[0]!
  }) as [string, string, string, string, string]
  const expires = Number(expiresText)
  if (!/^\d{1,6}$/.test(expiresText) || expires < 1 || expires > MAX_EXPIRES)
    throw refuse(`has an X-Amz-Expires that is not between 1 and ${MAX_EXPIRES}`)
  return { ...checkedParts({ credential, names, signature, date }, refuse), payload: 'UNSIGNED-PAYLOAD', expires }
}

interface Texts {
  credential: string
  names: string
  signature: string
  date: string
}

function checkedParts({ credential, names, signature, date }: Texts, refuse: (reason: string) => S3Error) {
  const { accessKeyId, day, region, service } = CREDENTIAL.exec(credential)?.groups ?? {}
  if (accessKeyId === undefined || day === undefined || region === undefined)
    throw refuse('has a credential that is not "KEY/YYYYMMDD/REGION/s3/aws4_request"')
  if (service !== 's3') throw refuse('is signed for another service than "s3"')
  if (!NAMES.test(names)) throw refuse('has a malformed list of signed headers')
  if (!SIGNATURE.test(signature)) throw refuse('has a signature that is not 64 lower-case hex digits')
  if (!DATE.test(date)) throw new S3Error('AccessDenied', 'A signed request needs a date such as 20261130T101530Z')
  if (!date.startsWith(day)) throw refuse('is signed for another day than that of its date')
  return { accessKeyId, day, region, date, signedHeaders: names.split(';'), signature }
}
