// Why a lock by SQLite (process-lock.ts) cannot be taken. SQLite tells what it could not do, but not what the operating
// system said to it; that decides what the failure is.
import { accessSync, closeSync, constants, lstatSync, openSync, rmSync } from 'node:fs'
import { AetherError, systemCode } from '../core/errors.ts'
import { systemMeaning } from '../core/system-errors.ts'

/** Primary result codes. */
export const SQLITE = { busy: 5, readOnly: 8, ioError: 10, full: 13, cannotOpen: 14, notADatabase: 26 } as const

const WHY: Record<number, [reason: string, hint?: string]> = {
  [SQLITE.readOnly]: [
    'it cannot be written',
    'Give the user that runs this write permission on the folder; a file system that is read-only has to be mounted for writing',
  ],
  [SQLITE.ioError]: ['reading or locking it failed; a network file system needs its lock service'],
  [SQLITE.full]: ['there is no room for it'],
  [SQLITE.cannotOpen]: [
    'it cannot be opened',
    'Check that its folder exists and may be written, and that files may still be opened',
  ],
  [SQLITE.notADatabase]: ['it holds something else', 'Stop whatever uses the folder and remove this file'],
}

/** A system error where one is behind it, so that whoever has the lock explains it like any other; else `internal`. */
export function lockFailure(path: string, cause: unknown): Error {
  const result = resultOf(cause) ?? 0
  const [reason, hint] = WHY[result] ?? [cause instanceof Error ? cause.message : String(cause)]
  const message = `Cannot lock "${path}": ${reason}`
  const code = systemCodeBehind(path, result)
  if (systemMeaning(code) === undefined) return new AetherError('internal', message, { cause, hint })
  return Object.assign(new Error(message, { cause }), { code, path })
}

/** SQLite's primary result code, which are the low eight bits of the one that it reports. */
export function resultOf(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown } | null)?.errcode
  return typeof code === 'number' ? code & 0xff : undefined
}

function systemCodeBehind(path: string, result: number): string | undefined {
  if (result === SQLITE.ioError) return 'EIO'
  if (result === SQLITE.full) return 'ENOSPC'
  if (result !== SQLITE.readOnly && result !== SQLITE.cannotOpen) return undefined
  return systemCode(failureOf(() => tryToWrite(path)))
}

/** Without opening the file: its descriptor, when it is closed, would take the locks along that this process has on it. */
function tryToWrite(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) accessSync(path, constants.R_OK | constants.W_OK)
  const beside = `${path}.${process.pid}`
  closeSync(openSync(beside, 'wx'))
  rmSync(beside)
}

function failureOf(work: () => void): unknown {
  try {
    work()
    return undefined
  } catch (error) {
    return error
  }
}
