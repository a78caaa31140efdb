// Gathers what a source holds that cannot be pushed, so that the user sees it at once and not one entry a run.
import { AetherError, systemCode, toAetherError } from '../../core/errors.ts'
import { checkPath } from '../../core/path.ts'

/** Entries named in one message. */
const LIMIT = 20

export const HINT_SPECIAL = 'Leave such entries out with --skip-special, or name them with --exclude'
export const HINT_EXCLUDE = 'Rename the entry, or leave it out with --exclude'
export const HINT_BUSY = 'Push again when nothing writes to it, or push a copy of it'
const HINT_DENIED = 'Push as a user who may read it, or leave it out with --exclude'

export interface Offences {
  /** @throws {AetherError} `source` when there are as many as one message takes. */
  add(path: string, reason: string, hint?: string): void
  /** @throws {AetherError} `source` when there are any. */
  throwIfAny(): void
}

export function createOffences(): Offences {
  const lines: string[] = []
  let firstHint: string | undefined

  function add(path: string, reason: string, hint = HINT_EXCLUDE): void {
    lines.push(`${quote(path)}: ${reason}`)
    firstHint ??= hint
    if (lines.length === LIMIT) throwIfAny()
  }

  function throwIfAny(): void {
    if (lines.length === 0) return
    throw new AetherError('source', describe(lines), { hint: firstHint })
  }

  return { add, throwIfAny }
}

function describe(lines: string[]): string {
  if (lines.length === 1) return `Cannot take ${lines[0]}`
  const count = lines.length === LIMIT ? `${LIMIT} entries or more` : `${lines.length} entries`
  return `Cannot take ${count}:\n  ${lines.join('\n  ')}`
}

/** A path as one line, whatever is in it. Bytes that were escaped already stay as they are. */
export function quote(path: string): string {
  return JSON.stringify(path).replaceAll('\\\\x', '\\x')
}

/** Reason and hint for what the operating system said about an entry. */
export function explainSystem(error: unknown): { reason: string; hint: string } {
  const code = systemCode(error)
  if (code === 'ENOENT' || code === 'ENOTDIR') return { reason: 'it vanished while it was looked at', hint: HINT_BUSY }
  if (code === 'EACCES' || code === 'EPERM') return { reason: 'permission denied', hint: HINT_DENIED }
  if (code === 'ENAMETOOLONG') return { reason: 'its path is too long for this system', hint: HINT_EXCLUDE }
  const { message, hint = HINT_EXCLUDE } = toAetherError(error)
  return { reason: message, hint }
}

/** Why a snapshot cannot hold this path; undefined when it can. */
export function pathReason(path: string): string | undefined {
  try {
    checkPath(path)
    return undefined
  } catch (error) {
    // The message names the path first, which an offence does by itself.
    return (error as Error).message.replace(/^.*": /s, '')
  }
}
