// Errors as S3 has them: a code that programs know, in XML. The one table from our codes and statuses to those of S3.
import { AetherError, type ErrorCode } from '../../core/errors.ts'
import { sendBytes, sendFailure } from '../answer.ts'
import type { Exchange } from '../exchange.ts'
import { HTTP_STATUS, HttpError, type HttpErrorOptions, httpAnswerTo } from '../http-error.ts'
import { xmlDocument } from './s3-xml.ts'

/** Every code that this door answers with, and its status. */
export const S3_STATUS = {
  AccessDenied: 403,
  AuthorizationHeaderMalformed: 400,
  AuthorizationQueryParametersError: 400,
  InvalidAccessKeyId: 403,
  InvalidArgument: 400,
  InvalidURI: 400,
  KeyTooLongError: 400,
  MethodNotAllowed: 405,
  NoSuchBucket: 404,
  NoSuchKey: 404,
  NotImplemented: 501,
  RequestTimeTooSkewed: 403,
  SignatureDoesNotMatch: 403,
  XAmzContentSHA256Mismatch: 400,
} as const

export type S3Code = keyof typeof S3_STATUS

export class S3Error extends HttpError {
  readonly s3Code: S3Code

  constructor(s3Code: S3Code, message: string, options?: HttpErrorOptions) {
    const status = S3_STATUS[s3Code]
    super(status, status === 404 ? 'not-found' : status === 403 ? 'denied' : 'invalid', message, options)
    this.s3Code = s3Code
  }
}

/** For what other parts of the hub throw. */
const CODES = {
  internal: 'InternalError',
  invalid: 'InvalidArgument',
  'not-found': 'NoSuchKey',
  unauthenticated: 'AccessDenied',
  denied: 'AccessDenied',
  conflict: 'OperationAborted',
  integrity: 'InternalError',
  unavailable: 'ServiceUnavailable',
  partial: 'InternalError',
  cancelled: 'RequestTimeout',
  'too-large': 'EntityTooLarge',
  'no-space': 'InternalError',
  source: 'InvalidArgument',
} as const satisfies Record<ErrorCode, string>

/** Statuses that say more than the code that comes with them. */
const CODES_BY_STATUS: Readonly<Record<number, string>> = { 412: 'PreconditionFailed', 416: 'InvalidRange' }

export function sendS3Error(exchange: Exchange, cause: unknown): Promise<void> {
  return sendFailure(exchange, cause, (error) => {
    const { status, headers } = s3AnswerTo(error)
    const fields = { Code: codeOf(error), Message: messageOf(error), Resource: exchange.path, RequestId: exchange.id }
    const body = exchange.method === 'HEAD' ? Buffer.alloc(0) : Buffer.from(xmlDocument('Error', fields))
    return sendBytes(exchange, status, { ...headers, 'content-type': 'application/xml' }, body)
  })
}

/** S3 has no 401. */
function s3AnswerTo(error: AetherError) {
  return error.code === 'unauthenticated' ? { status: HTTP_STATUS.denied, headers: {} } : httpAnswerTo(error)
}

function codeOf(error: AetherError): string {
  if (error instanceof S3Error) return error.s3Code
  return (error instanceof HttpError && CODES_BY_STATUS[error.status]) || CODES[error.code]
}

function messageOf({ message, hint }: AetherError): string {
  return hint === undefined ? message : `${message} (${hint})`
}

/** The result, or this error where there is nothing. */
export async function orElse<T>(result: Promise<T>, error: () => S3Error): Promise<T> {
  try {
    return await result
  } catch (cause) {
    if (cause instanceof AetherError && (cause.code === 'not-found' || cause.code === 'invalid')) throw error()
    throw cause
  }
}
