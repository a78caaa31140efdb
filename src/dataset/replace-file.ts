// Writes a file of a cache: whole or not at all, but without waiting for the disk. What a crash loses is made again.
import { randomBytes } from 'node:crypto'
import { rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { makeFolders } from '../storage/make-folders.ts'

/** Puts `bytes` in the place of the file, for this user alone. Makes the folder when it is absent. */
export async function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  await makeFolders(dirname(path), 0o700)
  // Random, because one process may write the same file several times at once.
  const temporary = `${path}.${randomBytes(6).toString('hex')}`
  try {
    await writeFile(temporary, bytes, { mode: 0o600, flag: 'wx' })
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}
