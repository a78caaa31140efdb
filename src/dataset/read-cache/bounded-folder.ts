// Files of a cache: each comes whole or not at all, in folders that are its owner's alone, and all of them stay under a bound,
// those of several kinds together.
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
  /** Not written when it is larger than half of the bound. Not synced: who reads it checks it. */
  write(name: string, bytes: Uint8Array): Promise<void>
  /** As `write`, for a file of `size` bytes that `fill` makes. @returns false when it is too large */
  make(name: string, size: number, fill: (draft: string) => Promise<void>): Promise<boolean>
}

export function createBoundedFolders<K extends string>(
  root: string,
  kinds: readonly [K, ...K[]],
  maxBytes: number,
): Record<K, BoundedFolder> {
  const incoming = join(root, 'incoming')
  const files = kinds.map((kind) => join(root, kind))
  const bound = createFolderBound(root, { files, incoming, lock: `${kinds[0]}.lock` }, maxBytes)

  function folderOf(kind: K): BoundedFolder {
    const pathOf = (name: string) => join(root, kind, name.slice(0, 2), name)

    async function make(name: string, size: number, fill: (draft: string) => Promise<void>): Promise<boolean> {
      if (!(await bound.makeRoom(size))) return false
      const draft = join(incoming, randomBytes(12).toString('hex'))
      try {
        await inFolder(draft, () => fill(draft))
        await inFolder(pathOf(name), () => rename(draft, pathOf(name)))
        return true
      } catch (error) {
        await rm(draft, { force: true })
        throw error
      }
    }

    async function write(name: string, bytes: Uint8Array): Promise<void> {
      await make(name, bytes.length, (draft) => writeFile(draft, bytes, { flag: 'wx', mode: 0o600 }))
    }

    return { pathOf, write, make }
  }

  return Object.fromEntries(kinds.map((kind) => [kind, folderOf(kind)])) as Record<K, BoundedFolder>
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
