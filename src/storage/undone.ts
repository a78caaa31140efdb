// `detail.undone` of an `unavailable` error: the store says that surely nothing was done.
import { AetherError } from '../core/errors.ts'

export function isUndone(error: unknown): boolean {
  return error instanceof AetherError && error.detail.undone === 'true'
}

/** The same error without that word: what the last of several tries says of itself need not be true of all of them. */
export function withoutUndone<E>(error: E): E | AetherError {
  if (!(error instanceof AetherError) || !isUndone(error)) return error
  const { undone: _, ...detail } = error.detail
  return new AetherError(error.code, error.message, { hint: error.hint, cause: error.cause, detail })
}
