// Homes for trials: a folder with all that one user has, made new or as a copy, on a disk of memory where there is one.
import { execFileSync } from 'node:child_process'
import { existsSync, lstatSync, mkdirSync, readdirSync, statfsSync } from 'node:fs'
import { join } from 'node:path'

const MEMORY = '/dev/shm'
/** Free bytes that it takes. */
const ENOUGH = 2 ** 30

/** Temporary folders of this process lie in memory from now on, if they can: trials are many, and a killed process loses nothing there either. */
export function workInMemory(): void {
  const stat = lstatSync(MEMORY, { throwIfNoEntry: false })
  if (!stat?.isDirectory()) return
  const { bavail, bsize } = statfsSync(MEMORY)
  if (bavail * bsize > ENOUGH) process.env.TMPDIR = MEMORY
}

export function makeHome(path: string, like?: string): void {
  if (like === undefined) mkdirSync(path)
  else execFileSync('cp', ['-a', '--', like, path])
}

/** Everything in a folder, hidden or not: folders with a slash at the end. Nothing when it is not there. */
export function namesBelow(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1) + (entry.isDirectory() ? '/' : ''))
    .sort()
}
