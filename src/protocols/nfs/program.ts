// What a program over RPC is made of. A procedure first reads its arguments and then does its work, so that arguments that
// cannot be read are told from work that fails.
import { AetherError, type ErrorCode } from '../../core/errors.ts'
import type { XdrReader } from './xdr-reader.ts'
import type { XdrWriter } from './xdr-writer.ts'

/** What one call wants, after its arguments were read. */
export interface Work {
  /** Bytes of the results at most, where they may be many. @default few */
  bytes?: number
  /** Writes the results; behind the status, where there is one. */
  write(out: XdrWriter, signal: AbortSignal): Promise<void> | void
}

export interface Procedure {
  name: string
  /**
   * Words of zero behind the status of a failure: attributes that are not told. Undefined for procedures without a status.
   */
  failureWords?: number
  /** @throws {AetherError} `invalid` */
  read(args: XdrReader): Work
}

export interface Program {
  name: string
  number: number
  version: number
  /** By their numbers. */
  procedures: readonly Procedure[]
  statusOf(error: AetherError): Status
}

/** Statuses of NFS, of which MOUNT has some. */
export const STATUS = {
  ok: 0,
  noEntry: 2,
  io: 5,
  access: 13,
  notFolder: 20,
  isFolder: 21,
  invalid: 22,
  readOnly: 30,
  nameTooLong: 63,
  stale: 70,
  badHandle: 10001,
  badCookie: 10003,
  notSupported: 10004,
  tooSmall: 10005,
  serverFault: 10006,
  tryLater: 10008,
} as const

export type Status = (typeof STATUS)[keyof typeof STATUS]

const OF_CODE = {
  internal: STATUS.serverFault,
  invalid: STATUS.invalid,
  'not-found': STATUS.noEntry,
  unauthenticated: STATUS.access,
  denied: STATUS.access,
  conflict: STATUS.io,
  integrity: STATUS.io,
  unavailable: STATUS.tryLater,
  partial: STATUS.io,
  cancelled: STATUS.io,
  'too-large': STATUS.io,
  'no-space': STATUS.io,
  source: STATUS.io,
} as const satisfies Record<ErrorCode, Status>

/** An error whose status the table does not give. */
export class NfsError extends AetherError {
  readonly status: Status

  constructor(status: Status, code: ErrorCode, message: string, cause?: unknown) {
    super(code, message, { cause })
    this.status = status
  }
}

export function statusOf(error: AetherError): Status {
  return error instanceof NfsError ? error.status : OF_CODE[error.code]
}
