// What a tool is done with gives its room back at once, but is unlinked at the very end only: an ext4 without a journal
// steps around each inode that was freed in the last minute, and whoever makes files next would pay for that.
import { execFile } from 'node:child_process'
import { lstatSync, mkdirSync, readdirSync, renameSync, truncateSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface Trash {
  /** Takes what is there, if anything. */
  take(path: string): Promise<void>
  /** Unlinks everything. */
  empty(): Promise<void>
}

export function openTrash(folder: string): Trash {
  mkdirSync(folder, { recursive: true })
  let next = Math.max(-1, ...readdirSync(folder).map(Number)) + 1

  return {
    async take(path) {
      if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return
      // Pulls are read-only, and only root may do without.
      if (process.getuid?.() !== 0) await run('chmod', ['-R', 'u+w', path])
      const taken = join(folder, String(next++))
      renameSync(path, taken)
      truncateAll(taken)
    },
    empty: () => rm(folder, { recursive: true, force: true }),
  }
}

/** A file with another name may be one of the data: a push keeps what it has sent by hard links. */
function truncateAll(path: string): void {
  const info = lstatSync(path)
  if (info.isFile() && info.size > 0 && info.nlink === 1) truncateSync(path)
  if (info.isDirectory()) for (const name of readdirSync(path)) truncateAll(join(path, name))
}
