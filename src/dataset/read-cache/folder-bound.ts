// Keeps the files of a cache's folder under a bound, though several processes write to it: each looks anew at what is there
// after it has written a twentieth of the bound, and what was used longest ago goes until there is a tenth of it free, or more
// when more is to come.
import type { Stats } from 'node:fs'
import { lstat, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { systemCode } from '../../core/errors.ts'
import { makeFolders } from '../../storage/make-folders.ts'
import { createProcessLock } from '../../storage/process-lock.ts'
import { mapOrdered } from '../map-ordered.ts'

export interface FolderBound {
  /** To be asked before each write. @returns false when that much does not go in at all */
  makeRoom(bytes: number): Promise<boolean>
}

export interface BoundParts {
  /** Folders of the folders with the files. */
  files: readonly string[]
  /** Folder of files in the making. */
  incoming: string
  /** Name of the file to lock by. */
  lock: string
}

interface FoundFile {
  path: string
  bytes: number
  modified: number
}

const LOOK_AGAIN = 0.05
const KEPT_PART = 0.9
/** Of the bound, for one file. */
const LARGEST_PART = 0.5
const STATS_AT_ONCE = 16
/** Milliseconds after which a file in the making is nobody's any more. */
const DRAFT_AGE = 60 * 60 * 1000
/** What a small file takes on most file systems. */
const FILE_UNIT = 4096

export function createFolderBound(root: string, parts: BoundParts, maxBytes: number): FolderBound {
  const lock = createProcessLock(join(root, parts.lock))
  let total = Number.POSITIVE_INFINITY // nobody has looked yet
  let sinceLook = 0
  let looking: Promise<void> | undefined

  async function makeRoom(bytes: number): Promise<boolean> {
    const size = onDisk(bytes)
    if (size > maxBytes * LARGEST_PART) return false
    while (total + size > maxBytes || sinceLook > maxBytes * LOOK_AGAIN) {
      looking ??= look(size).finally(() => {
        looking = undefined
      })
      await looking
    }
    total += size
    sinceLook += size
    return true
  }

  /** @param size what is to come, which is to have room then */
  async function look(size: number): Promise<void> {
    await makeFolders(root, 0o700)
    await lock.run(async () => {
      await removeDrafts(parts.incoming)
      const files = (await Promise.all(parts.files.map(filesIn))).flat()
      total = await removeOldest(files, Math.min(maxBytes * KEPT_PART, maxBytes - size))
      sinceLook = 0
    })
  }

  return { makeRoom }
}

/** @returns bytes of what is left, at most `kept` */
async function removeOldest(files: FoundFile[], kept: number): Promise<number> {
  let total = files.reduce((sum, { bytes }) => sum + bytes, 0)
  if (total <= kept) return total
  files.sort((a, b) => a.modified - b.modified)
  for (const { path, bytes } of files) {
    if (total <= kept) break
    await rm(path, { force: true })
    total -= bytes
  }
  return total
}

async function removeDrafts(folder: string): Promise<void> {
  for (const { path, modified } of await statAll(folder)) {
    if (Date.now() - modified > DRAFT_AGE) await rm(path, { force: true })
  }
}

async function filesIn(folder: string): Promise<FoundFile[]> {
  const files: FoundFile[] = []
  for (const name of await namesIn(folder)) files.push(...(await statAll(join(folder, name))))
  return files
}

async function statAll(folder: string): Promise<FoundFile[]> {
  const found: FoundFile[] = []
  const paths = (await namesIn(folder)).map((name) => join(folder, name))
  for await (const { path, stat } of mapOrdered(paths, STATS_AT_ONCE, look)) {
    if (stat?.isFile()) found.push({ path, bytes: onDisk(stat.size), modified: stat.mtimeMs })
  }
  return found
}

async function look(path: string): Promise<{ path: string; stat: Stats | undefined }> {
  return { path, stat: await orGone(lstat(path)) } // another process may have removed it
}

async function namesIn(folder: string): Promise<string[]> {
  return (await orGone(readdir(folder))) ?? []
}

async function orGone<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}

function onDisk(bytes: number): number {
  return Math.ceil(bytes / FILE_UNIT) * FILE_UNIT
}
