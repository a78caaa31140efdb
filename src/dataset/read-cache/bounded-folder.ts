// Files of a cache: each comes whole or not at all, in folders that are its owner's alone, and all of them stay under a bound.
//
//   <kind>/ab/<name>     the time of modification tells when one was used last, to some minutes
//   incoming/<random>    files in the making
import { randomBytes } from 'node:crypto'
import { rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { systemCode } from '../../core/errors.ts'
import { makeFolders } from '../../storage/make-folders.ts'
import { createFolderBound } from './folder-bound.ts'

export interface BoundedFolder {
  /** @param name begins with hex digits of a hash */
  pathOf(name: string): string
  /** Not written when it is larger than a tenth of the bound. Not synced: who reads it checks it. */
  write(name: string, bytes: Uint8Array): Promise<void>
}

export function createBoundedFolder(root: string, kind: string, maxBytes: number): BoundedFolder {
  const incoming = join(root, 'incoming')
  const bound = createFolderBound(root, { files: join(root, kind), incoming, lock: `${kind}.lock` }, maxBytes)
  const pathOf = (name: string) => join(root, kind, name.slice(0, 2), name)

  async function write(name: string, bytes: Uint8Array): Promise<void> {
    if (!(await bound.makeRoom(bytes.length))) return
    const draft = join(incoming, randomBytes(12).toString('hex'))
    try {
      await inFolder(draft, () => writeFile(draft, bytes, { flag: 'wx', mode: 0o600 }))
      await inFolder(pathOf(name), () => rename(draft, pathOf(name)))
    } catch (error) {
      await rm(draft, { force: true })
      throw error
    }
  }

  return { pathOf, write }
}

/** Does something with a path, and once more when its folder had to be made. */
async function inFolder(path: string, act: () => Promise<void>): Promise<void> {
  try {
    await act()
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error
    await makeFolders(dirname(path), 0o700)
    await act()
  }
}
