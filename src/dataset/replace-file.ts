// Writes a file of a cache: whole or not at all, but without waiting for the disk. What a crash loses is made again.
import { randomBytes } from 'node:crypto'
import { lstat, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { makeFolders } from '../storage/make-folders.ts'

/** Puts bytes, or pieces of them, in the place of the file, for this user alone. Makes the folder when it is absent. */
export async function replaceFile(path: string, bytes: Uint8Array | Iterable<Uint8Array>): Promise<void> {
  await makeFolders(dirname(path), 0o700)
  // Random, because one process may write the same file several times at once.
  const temporary = `${path}.${randomBytes(6).toString('hex')}`
  try {
    await writeFile(temporary, bytes, { mode: 0o600, flag: 'wx' })
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {}) // what goes wrong with it has the same reason
    throw error
  }
  await removeLeftovers(path).catch(() => {}) // they cost space and nothing else
}

/** Milliseconds after which nobody is writing a file any more. */
const DAY = 24 * 60 * 60 * 1000

/** What processes that were killed have left half written. */
async function removeLeftovers(path: string): Promise<void> {
  const isTemporary = (name: string) => name.startsWith(`${basename(path)}.`) && /\.[0-9a-f]{12}$/.test(name)
  for (const name of (await readdir(dirname(path))).filter(isTemporary)) {
    const other = join(dirname(path), name)
    if ((await lstat(other)).mtimeMs < Date.now() - DAY) await rm(other, { force: true })
  }
}
