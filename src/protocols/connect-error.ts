// Errors of gRPC, gRPC-web and Connect: the one table from error codes to theirs, and the detail that carries the rest.
// The same functions give the client back the error that the hub had.
import { Code, ConnectError } from '@connectrpc/connect'
import { AetherError, ERROR_CODES, type ErrorCode } from '../core/errors.ts'
import { ErrorDetailSchema } from '../gen/aetherfs/v2/error_pb.ts'
import { HttpError, type HttpErrorOptions } from './http-error.ts'

export const CONNECT_CODE = {
  internal: Code.Internal,
  invalid: Code.InvalidArgument,
  'not-found': Code.NotFound,
  unauthenticated: Code.Unauthenticated,
  denied: Code.PermissionDenied,
  conflict: Code.Aborted, // 409 over Connect, as in REST
  integrity: Code.DataLoss,
  unavailable: Code.Unavailable,
  partial: Code.Unknown,
  cancelled: Code.Canceled,
  'too-large': Code.ResourceExhausted,
  'no-space': Code.ResourceExhausted,
  source: Code.InvalidArgument,
} as const satisfies Record<ErrorCode, Code>

/** An error whose code in RPC, and status in HTTP, the tables do not give. */
export class CallError extends HttpError {
  readonly rpcCode: Code

  constructor(rpcCode: Code, status: number, code: ErrorCode, message: string, options: HttpErrorOptions = {}) {
    super(status, code, message, options)
    this.rpcCode = rpcCode
  }
}

/** What an error without our detail means, for example one from a proxy. */
const MEANING: Record<Code, ErrorCode> = {
  [Code.Canceled]: 'cancelled',
  [Code.Unknown]: 'internal',
  [Code.InvalidArgument]: 'invalid',
  [Code.DeadlineExceeded]: 'unavailable',
  [Code.NotFound]: 'not-found',
  [Code.AlreadyExists]: 'conflict',
  [Code.PermissionDenied]: 'denied',
  [Code.ResourceExhausted]: 'too-large',
  [Code.FailedPrecondition]: 'conflict',
  [Code.Aborted]: 'conflict',
  [Code.OutOfRange]: 'invalid',
  [Code.Unimplemented]: 'invalid',
  [Code.Internal]: 'internal',
  [Code.Unavailable]: 'unavailable',
  [Code.DataLoss]: 'integrity',
  [Code.Unauthenticated]: 'unauthenticated',
}

/** `error` must be fit for clients to read. */
export function toConnectError(error: AetherError, requestId: string): ConnectError {
  const { code, message, hint = '', detail } = error
  const value = { code, message, hint, detail, requestId }
  const rpcCode = error instanceof CallError ? error.rpcCode : CONNECT_CODE[code]
  return new ConnectError(message, rpcCode, undefined, [{ desc: ErrorDetailSchema, value }], error)
}

export function fromConnectError(cause: unknown): AetherError {
  const error = ConnectError.from(cause)
  const detail = error.findDetails(ErrorDetailSchema)[0]
  const code = ERROR_CODES.find((known) => known === detail?.code) ?? MEANING[error.code]
  return new AetherError(code, detail?.message ?? error.rawMessage, {
    hint: detail?.hint || undefined,
    detail: detail?.detail,
    cause,
  })
}
