// Folders that tools made: how large they are, and whether they are right.
import { execFile } from 'node:child_process'
import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Bytes of all files below; of a file, its own. 0 when there is nothing there. */
export function sizeOf(path: string): number {
  const info = lstatSync(path, { throwIfNoEntry: false })
  if (info === undefined) return 0
  if (!info.isDirectory()) return info.size
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0)
}

export interface CompareOptions {
  /** Whether files that should be gone may be there: most tools that restore do not remove. */
  extraAllowed?: boolean
}

/** @throws when a file of `expected` is missing or different in `actual`. */
export async function checkSame(expected: string, actual: string, { extraAllowed = false }: CompareOptions = {}) {
  // The slash at the end makes it follow a link there.
  const { stdout } = await run('diff', ['-rq', '--no-dereference', `${expected}/`, `${actual}/`], {
    maxBuffer: 1 << 26,
  }).catch((error) => {
    if (error.code !== 1) throw error
    return error as { stdout: string }
  })
  const extra = `Only in ${actual}/`
  const wrong = stdout.split('\n').filter((line) => line !== '' && !(extraAllowed && line.startsWith(extra)))
  if (wrong.length > 0) throw new Error(`"${actual}" is not what was stored:\n${wrong.slice(0, 20).join('\n')}`)
}

/** What others left dirty is not written, nor waited for, while the next one is measured. */
export async function settle(): Promise<void> {
  await run('sync')
}
