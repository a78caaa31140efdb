// From codes of errors to the error numbers of the system.
import { type ErrorCode, toAetherError } from '../../core/errors.ts'
import { ERRNO } from './constants.ts'

export const errorNumbers = {
  internal: ERRNO.EIO,
  invalid: ERRNO.EINVAL,
  'not-found': ERRNO.ENOENT,
  unauthenticated: ERRNO.EACCES,
  denied: ERRNO.EACCES,
  conflict: ERRNO.EIO,
  integrity: ERRNO.EIO,
  unavailable: ERRNO.EIO,
  partial: ERRNO.EIO,
  cancelled: ERRNO.EINTR,
  'too-large': ERRNO.EIO,
  'no-space': ERRNO.EIO,
  source: ERRNO.EIO,
} as const satisfies Record<ErrorCode, number>

export function errorNumberOf(error: unknown): number {
  return errorNumbers[toAetherError(error).code]
}
