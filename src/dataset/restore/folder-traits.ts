// What the file system below a folder does to names and times, found out by trying.
import { closeSync, existsSync, futimesSync, lstatSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { microsOf, secondsOf } from './disk-time.ts'

export interface FolderTraits {
  /** "A" and "a" name one file. */
  foldsCase: boolean
  /** Two spellings of a letter with an accent name one file. */
  foldsUnicode: boolean
  /** Modification times keep their microseconds. */
  keepsMicros: boolean
  /** Permission bits that new files get at most. */
  modeMask: number
}

/** Finds out by a file in a folder of its own, which is removed again. */
export function probeFolder(folder: string): FolderTraits {
  const probe = mkdtempSync(join(folder, '.probe-'))
  try {
    return probeIn(probe)
  } finally {
    rmSync(probe, { recursive: true, force: true })
  }
}

const NAME = 'Caf\u00e9'
const MICROS = 1_234_567_890_123_457

function probeIn(probe: string): FolderTraits {
  const file = join(probe, NAME)
  const handle = openSync(file, 'wx', 0o777)
  futimesSync(handle, secondsOf(MICROS), secondsOf(MICROS))
  closeSync(handle)
  const stat = lstatSync(file)
  return {
    foldsCase: existsSync(join(probe, NAME.toLowerCase())),
    foldsUnicode: existsSync(join(probe, NAME.normalize('NFD'))),
    keepsMicros: microsOf(stat) === MICROS,
    modeMask: stat.mode & 0o777,
  }
}
