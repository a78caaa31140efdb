// A folder for the stores of a test file, removed when its tests are done.
import { mkdtempSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after } from 'node:test'

/** Answers a function that names another folder, which is not there yet, at each call. */
export function temporaryRoots(): () => string {
  const folder = mkdtempSync(join(tmpdir(), 'aetherfs-storage-'))
  after(() => rm(folder, { recursive: true }))
  let made = 0
  return () => join(folder, `store${made++}`)
}

/** Puts a file there behind the back of the store. */
export async function writeForeign(root: string, path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true })
  await writeFile(join(root, path), text)
}
