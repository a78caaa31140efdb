// Exit codes: docs/command-line.md lists them for users. One table from what went wrong to what the shell sees.
import type { ErrorCode } from '../../core/errors.ts'

export const EXIT = {
  ok: 0,
  other: 1,
  usage: 2,
  notFound: 3,
  unauthenticated: 4,
  denied: 5,
  conflict: 6,
  integrity: 7,
  temporary: 8,
  partial: 9,
  interrupted: 130,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** What each exit code means, as help and docs say it. */
export const EXIT_MEANING: Readonly<Record<ExitCode, string>> = {
  0: 'done',
  1: 'other failure',
  2: 'wrong use, or a malformed reference, name or setting',
  3: 'not found',
  4: 'not authenticated',
  5: 'not permitted',
  6: 'conflict: the tag moved meanwhile, or is a version with other content',
  7: 'bytes do not match their hash',
  8: 'temporary: the hub or its store did not answer; try again',
  9: 'some of several things were done',
  130: 'interrupted',
}

// A full disk is "other" and not "temporary": a script that tries again after 8 would do so for ever.
export const exitCodes = {
  internal: EXIT.other,
  invalid: EXIT.usage,
  'not-found': EXIT.notFound,
  unauthenticated: EXIT.unauthenticated,
  denied: EXIT.denied,
  conflict: EXIT.conflict,
  integrity: EXIT.integrity,
  unavailable: EXIT.temporary,
  partial: EXIT.partial,
  cancelled: EXIT.interrupted,
  'too-large': EXIT.other,
  'no-space': EXIT.other,
  source: EXIT.other,
} as const satisfies Record<ErrorCode, ExitCode>
