// What the refusals of an S3 service, and failures on the way to it, mean for a store.
import { AetherError, type ErrorCode, isAbort, systemCode, toAetherError } from '../../core/errors.ts'
import { parseRetryAfter } from '../../core/retry-after.ts'
import { cancelled } from '../check-options.ts'

/** An error of the SDK, as far as it is looked at. */
interface SdkError extends Error {
  $metadata?: { httpStatusCode?: number }
  $response?: { statusCode?: number; headers?: Record<string, string> }
}

interface Meaning {
  code: ErrorCode
  reason: string
  hint?: string
  /** Surely nothing was done. */
  undone?: true
}

const PERMISSIONS = 's3:GetObject, s3:PutObject and s3:DeleteObject on the objects, s3:ListBucket on the bucket'

const DENIED: Meaning = {
  code: 'denied',
  reason: 'the store does not permit it',
  hint: `The credentials need ${PERMISSIONS}, and a key of KMS its own permission`,
}
const EXPIRED: Meaning = {
  code: 'denied',
  reason: 'the session token has expired or is wrong',
  hint: 'Get a new AWS_SESSION_TOKEN, or use credentials that the SDK can renew: a profile, a role, web identity',
}
const NO_CREDENTIALS: Meaning = {
  code: 'denied',
  reason: 'there are no credentials for it',
  hint: 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, say profile=… in the URL, or run with a role',
  undone: true,
}
const WRONG_REGION: Meaning = {
  code: 'invalid',
  reason: 'the bucket is in another region',
  hint: 'Say region=… in the URL of the store; with another service than AWS, look at endpoint= too',
}
const SLOW_DOWN: Meaning = { code: 'unavailable', reason: 'the store asks for fewer requests', undone: true }
const DAMAGED: Meaning = { code: 'unavailable', reason: 'the bytes were damaged or cut short on the way', undone: true }
const FULL: Meaning = {
  code: 'no-space',
  reason: 'the store is full, or its quota is used up',
  hint: 'Make room in the store, or raise the quota of the bucket or its owner',
}
const TOO_LARGE: Meaning = { code: 'too-large', reason: 'the object is larger than the store takes' }
const RACED: Meaning = { code: 'unavailable', reason: 'another write of the same object was under way', undone: true }

/** By the codes of S3, and of services that speak it. */
const BY_NAME: Record<string, Meaning> = {
  NoSuchBucket: {
    code: 'unavailable',
    reason: 'there is no such bucket',
    hint: 'Make the bucket, or correct its name in the URL of the store; a hub makes none',
  },
  SignatureDoesNotMatch: {
    code: 'denied',
    reason: 'the secret key is wrong',
    hint: 'Compare AWS_SECRET_ACCESS_KEY with the key; a proxy that changes Host or the path has the same effect',
  },
  InvalidAccessKeyId: { code: 'denied', reason: 'the access key is not known', hint: 'Check AWS_ACCESS_KEY_ID' },
  RequestTimeTooSkewed: {
    code: 'denied',
    reason: "this machine's clock is too far from the store's",
    hint: 'Set the clock, and let NTP keep it',
  },
  ExpiredToken: EXPIRED,
  ExpiredTokenException: EXPIRED,
  InvalidToken: EXPIRED,
  TokenRefreshRequired: EXPIRED,
  CredentialsProviderError: NO_CREDENTIALS,
  TokenProviderError: NO_CREDENTIALS,
  PermanentRedirect: WRONG_REGION,
  AuthorizationHeaderMalformed: WRONG_REGION,
  IllegalLocationConstraintException: WRONG_REGION,
  SlowDown: SLOW_DOWN,
  SlowDownRead: SLOW_DOWN,
  SlowDownWrite: SLOW_DOWN,
  TooManyRequests: SLOW_DOWN,
  Throttling: SLOW_DOWN,
  RequestLimitExceeded: SLOW_DOWN,
  ConditionalRequestConflict: RACED,
  OperationAborted: RACED,
  BadDigest: DAMAGED,
  IncompleteBody: DAMAGED,
  XAmzContentSHA256Mismatch: DAMAGED,
  RequestTimeout: { code: 'unavailable', reason: 'the bytes came too slowly for the store' },
  EntityTooLarge: TOO_LARGE,
  QuotaExceeded: FULL,
  XMinioAdminBucketQuotaExceeded: FULL,
  XMinioStorageFull: FULL,
}

/** Where the code is not known, cannot be read, or there is none: answers to HEAD have no body. */
const BY_STATUS: Record<number, Meaning> = {
  301: WRONG_REGION,
  307: { code: 'unavailable', reason: 'the store sends elsewhere for now', undone: true },
  401: DENIED,
  403: DENIED,
  404: { code: 'not-found', reason: 'the store does not have it' },
  409: RACED,
  408: { code: 'unavailable', reason: 'the store gave up waiting for the request' },
  412: { code: 'conflict', reason: 'a condition does not hold' },
  413: TOO_LARGE,
  429: SLOW_DOWN,
  507: FULL,
}

const UNREACHABLE: Meaning = {
  code: 'unavailable',
  reason: 'the store cannot be reached',
  hint: 'Check endpoint= and region= in the URL of the store, and that the service runs',
  undone: true,
}
const UNTRUSTED: Meaning = {
  code: 'unavailable',
  reason: "the store's certificate is not trusted",
  hint: 'Name the certificate of its authority in NODE_EXTRA_CA_CERTS',
  undone: true,
}
const BROKE_OFF: Meaning = { code: 'unavailable', reason: 'the connection to the store broke off' }

const BY_SYSTEM_CODE: Record<string, Meaning> = {
  ...table(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL'], UNREACHABLE),
  ...table(['CERT_HAS_EXPIRED', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN'], UNTRUSTED),
  ...table(['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'], UNTRUSTED),
  ...table(['ERR_TLS_CERT_ALTNAME_INVALID', 'CERT_NOT_YET_VALID'], UNTRUSTED),
  ...table(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ERR_STREAM_PREMATURE_CLOSE', 'ECONNABORTED'], BROKE_OFF),
  EPROTO: { ...UNREACHABLE, reason: 'the store does not speak TLS there' },
  EMFILE: { code: 'unavailable', reason: 'too many files are open', hint: 'Raise the limit of open files (ulimit -n)' },
}

function table(codes: string[], meaning: Meaning): Record<string, Meaning> {
  return Object.fromEntries(codes.map((code) => [code, meaning]))
}

/** `doing` is what failed, as in `Cannot write "key"`. */
export function explain(error: unknown, doing: string, signal?: AbortSignal): AetherError {
  if (error instanceof AetherError) return error
  if (signal?.aborted) return cancelled(signal)
  const meaning = meaningOf(error)
  if (meaning === undefined) return toAetherError(error)
  const { code, reason, hint, undone } = meaning
  const wait = parseRetryAfter((error as SdkError).$response?.headers?.['retry-after'])
  const retryAfterMs = code === 'unavailable' && wait !== undefined && `${wait}`
  const detail = { ...(undone && { undone: 'true' }), ...(retryAfterMs && { retryAfterMs }) }
  return new AetherError(code, `${doing}: ${reason}`, { cause: error, hint, detail })
}

/** An answer that no S3 service gives: of a proxy, of a page that asks for a login, of a service with a defect. */
export function strangeAnswer(what: string): AetherError {
  return new AetherError('unavailable', `The store's answer makes no sense: ${what}`, {
    hint: 'Check that endpoint= in the URL of the store leads to an S3 service, and not to a proxy or a web page',
  })
}

/** The code of S3 for a refusal, such as "NoSuchKey". */
export function nameOfRefusal(error: unknown): string {
  return error instanceof Error ? error.name : ''
}

export function statusOf(error: unknown): number | undefined {
  const { $metadata, $response } = error as SdkError
  return $metadata?.httpStatusCode ?? $response?.statusCode
}

function meaningOf(error: unknown): Meaning | undefined {
  const name = nameOfRefusal(error)
  if (Object.hasOwn(BY_NAME, name)) return BY_NAME[name]
  if (name.startsWith('KMS.')) return DENIED
  const status = statusOf(error)
  if (status !== undefined) return ofStatus(status, error as SdkError)
  if (name === 'TimeoutError') return ofTimeout(error as Error)
  const code = systemCode(error) ?? ''
  if (code.startsWith('HPE_')) return { code: 'unavailable', reason: 'the store does not speak HTTP there' }
  if (isAbort(error)) return BROKE_OFF
  return BY_SYSTEM_CODE[code]
}

function ofStatus(status: number, error: SdkError): Meaning {
  const known = status === 404 && isPage(error) ? undefined : BY_STATUS[status]
  if (known !== undefined) return { ...known, reason: `${known.reason} (status ${status})` }
  if (status >= 500 && status !== 501) return { code: 'unavailable', reason: `the store failed with status ${status}` }
  if (status < 300) return { code: 'unavailable', reason: "the store's answer makes no sense" }
  const words = `${error.name}: ${error.message}`.replace(/\p{Cc}+/gu, ' ').slice(0, 200)
  return { code: 'internal', reason: `the store refused with status ${status} (${words})` }
}

/** Not of S3, whose refusals are XML. Somebody else has no say in what a store does not have. */
function isPage({ $response }: SdkError): boolean {
  return !/^$|\bxml\b/i.test($response?.headers?.['content-type'] ?? '')
}

function ofTimeout({ message }: Error): Meaning {
  if (/establish a connection/.test(message)) return { ...UNREACHABLE, reason: 'the store does not take connections' }
  return { code: 'unavailable', reason: 'the store was silent for too long' }
}
