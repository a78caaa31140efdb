// The one error of the project. Each protocol and the command line have one table from these codes to their own status.
import { isFull, systemMeaning, systemName, systemText } from './system-errors.ts'

/** What went wrong, as a program may act on it. */
export const ERROR_CODES = [
  'internal', // a defect of ours, or an operating system error that nothing below fits
  'invalid', // the caller's words or bytes are malformed
  'not-found', // there is no such thing, or the caller may not know of it
  'unauthenticated', // the caller has to say who they are
  'denied', // the caller is known and may not do this
  'conflict', // the state is not what the caller took it for: a tag moved, a version exists with other content
  'integrity', // bytes do not match their hash
  'unavailable', // may work later: hub or store away, time-out, overload
  'partial', // some of several things were done; the message says which
  'cancelled', // the caller asked to stop
  'too-large', // over a documented limit
  'no-space', // the disk is full
  'source', // a file to be pushed cannot be taken as it is: changed underfoot, a socket, a link that leaves the folder
] as const

export type ErrorCode = (typeof ERROR_CODES)[number]

export interface ErrorOptions {
  /** What the user can do next, as one sentence or command. */
  hint?: string
  cause?: unknown
  /** Facts for programs, for example the present digest of a tag that moved. Strings only, so that every protocol carries them. */
  detail?: Record<string, string>
}

/** Every failure that AetherFS explains. Messages: sentence case, no final period, the offending value in quotes. */
export class AetherError extends Error {
  readonly code: ErrorCode
  readonly hint: string | undefined
  readonly detail: Record<string, string>

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'AetherError'
    this.code = code
    this.hint = options.hint
    this.detail = options.detail ?? {}
  }
}

/**
 * The same failure as an AetherError, so that nothing without a code reaches a user.
 * @param place names the folder or file that it is about when the operating system does not: of open files it tells no path
 */
export function toAetherError(error: unknown, place?: string): AetherError {
  if (error instanceof AetherError) return error
  if (isAbort(error)) return new AetherError('cancelled', 'Cancelled', { cause: error })
  const system = systemCode(error)
  const { words, hint } = systemMeaning(system) ?? {}
  const parts = [words, place && isNameless(error) ? `"${place}"` : undefined, messageOf(error)]
  const message = parts.filter((part) => part !== undefined).join(': ')
  return new AetherError(isFull(system) ? 'no-space' : 'internal', message, { cause: error, hint })
}

function messageOf(error: unknown): string {
  return error instanceof Error ? systemText(error.message) : String(error)
}

/** A failed call of the system that does not say of which file. */
function isNameless(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && !('path' in error)
}

/** `code` of a Node system error such as "ENOENT", or undefined. */
export function systemCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code
  return error instanceof Error && typeof code === 'string' ? systemName(code) : undefined
}

export function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || systemCode(error) === 'ABORT_ERR')
}
