// Errors of plain HTTP: the one table from error codes to statuses, and refusals whose status is not in it.
import { AetherError, type ErrorCode, type ErrorOptions, toAetherError } from '../core/errors.ts'
import { withoutUndone } from '../storage/undone.ts'

export const HTTP_STATUS = {
  internal: 500,
  invalid: 400,
  'not-found': 404,
  unauthenticated: 401,
  denied: 403,
  conflict: 409,
  integrity: 502, // what the store gave is not what it was asked for; uploads say 422 instead
  unavailable: 503,
  partial: 500,
  cancelled: 499,
  'too-large': 413,
  'no-space': 507,
  source: 400,
} as const satisfies Record<ErrorCode, number>

/** Seconds after which a client may try again when the hub is not available, and nothing else is known. */
const RETRY_AFTER = 2

export interface HttpErrorOptions extends ErrorOptions {
  headers?: Record<string, string>
}

/** An error whose status the table does not give, or that has headers of its own. */
export class HttpError extends AetherError {
  readonly status: number
  readonly headers: Record<string, string>

  constructor(status: number, code: ErrorCode, message: string, { headers = {}, ...options }: HttpErrorOptions = {}) {
    super(code, message, options)
    this.status = status
    this.headers = headers
  }
}

/** The status and the headers that an answer with this error has. */
export function httpAnswerTo(error: AetherError): { status: number; headers: Record<string, string> } {
  if (error instanceof HttpError) return error
  if (error.code === 'unavailable')
    return { status: HTTP_STATUS.unavailable, headers: { 'retry-after': retryAfter(error) } }
  if (error.code === 'unauthenticated')
    return { status: HTTP_STATUS.unauthenticated, headers: { 'www-authenticate': 'Bearer realm="aetherfs"' } }
  return { status: HTTP_STATUS[error.code], headers: {} }
}

function retryAfter({ detail }: AetherError): string {
  const wanted = Math.ceil(Number(detail.retryAfterMs) / 1000)
  return String(Number.isFinite(wanted) ? Math.max(1, wanted) : RETRY_AFTER)
}

/**
 * What a client may read of a failure. What we cannot explain is for the log alone: its text may name files, hosts or
 * worse.
 */
export function publicError(cause: unknown, requestId: string): AetherError {
  const error = toAetherError(cause)
  if (error.code === 'internal')
    return new AetherError(
      'internal',
      `Something went wrong inside the hub; its log tells more under the request id ${requestId}`,
      { cause },
    )
  if (error.code === 'no-space')
    return new AetherError('no-space', 'The hub has no space left', {
      cause,
      hint: 'Ask the operator of the hub to free some space',
    })
  if (error.code === 'unavailable' && error.cause !== undefined) return storeAway(error, requestId)
  // It was said of one call to the store. A request makes several, and others of them may have done something.
  return withoutUndone(error)
}

function storeAway(error: AetherError, requestId: string): AetherError {
  const hint = error.hint ?? `The log of the hub tells more under the request id ${requestId}`
  const { code, message, cause, detail } = error
  return withoutUndone(new AetherError(code, message, { hint, cause, detail }))
}
