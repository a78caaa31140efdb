// Whole files in the cache's folder, by their hashes, for doors that can hand on an open file in the place of its bytes. Whoever
// has one reads it without us, so all of it is checked before: once by each process, and again when somebody has touched it.
import { createHash } from 'node:crypto'
import { type FileHandle, open as openFile, rm } from 'node:fs/promises'
import { AetherError, systemCode, toAetherError } from '../../core/errors.ts'
import type { FileHash } from '../../core/id.ts'
import { createLruCache } from '../lru-cache.ts'
import { createSemaphore } from '../semaphore.ts'
import { createSharedWork } from '../shared-work.ts'
import type { BoundedFolder } from './bounded-folder.ts'

export interface WholeFile {
  hash: FileHash
  /** Bytes. */
  size: number
}

export interface WholeFolder {
  /**
   * The file with this hash, open for reading, or undefined when it is not there or not right. The caller closes it.
   * @param verify says whether the open file has the bytes that it should have
   * @throws {AetherError} what `verify` throws
   */
  open(file: WholeFile, verify: (fd: number) => Promise<boolean>): Promise<FileHandle | undefined>
  /**
   * Makes the file, unless it is there.
   * @param read gives checked bytes
   * @returns false when it is too large
   * @throws {AetherError} what `read` throws, and `integrity`
   */
  keep(file: WholeFile, read: () => AsyncIterable<Uint8Array>): Promise<boolean>
}

/** Files of which it is remembered that they were checked. */
const NAMES = 16_384
/** Milliseconds: when something was used is known about that well. */
const USE_INTERVAL = 10 * 60 * 1000

export function createWholeFolder(folder: BoundedFolder, onWarning: (text: string) => void = () => {}): WholeFolder {
  /** What each file looked like when it was found to be right. */
  const checked = createLruCache<FileHash, string>(NAMES, () => 1)
  const checking = createSharedWork<FileHash, boolean>()
  const making = createSharedWork<FileHash, boolean>()
  const oneByOne = createSemaphore(1)

  async function open(file: WholeFile, verify: (fd: number) => Promise<boolean>) {
    const path = folder.pathOf(file.hash)
    const handle = await openKept(path)
    if (handle === undefined) return undefined
    try {
      const isGood = await checking.run(file.hash, () => isRight(handle, file, verify))
      // It may have been another one, in the same place, that somebody else has checked for us.
      if (isGood && (await looksOf(handle)).looks === checked.get(file.hash)) return handle
      if (!isGood) await discard(path)
    } catch (error) {
      await handle.close()
      throw error
    }
    await handle.close()
    return undefined
  }

  async function discard(path: string): Promise<void> {
    onWarning(`The cached file "${path}" is damaged: it is removed and fetched anew`)
    await rm(path, { force: true })
  }

  async function isRight(handle: FileHandle, { hash, size }: WholeFile, verify: (fd: number) => Promise<boolean>) {
    const found = await looksOf(handle)
    const isKnown = found.looks === checked.get(hash)
    const looks = await noteUse(handle, found)
    const isGood =
      isKnown || (found.size === size && (await verify(handle.fd)) && looks === (await looksOf(handle)).looks)
    if (isGood) checked.set(hash, looks)
    else checked.delete(hash)
    return isGood
  }

  async function keep({ hash, size }: WholeFile, read: () => AsyncIterable<Uint8Array>): Promise<boolean> {
    const handle = await openKept(folder.pathOf(hash))
    await handle?.close()
    if (handle !== undefined) return true
    const make = () => oneByOne.run(() => folder.make(hash, size, (draft) => fill(draft, hash, read())))
    return making.run(hash, make)
  }

  return { open, keep }
}

async function openKept(path: string): Promise<FileHandle | undefined> {
  try {
    return await openFile(path)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw toAetherError(error)
  }
}

/** Changes with whatever writes to the file, or replaces it. */
async function looksOf(handle: FileHandle): Promise<{ looks: string; size: number; modified: number }> {
  const { ino, size, mtimeNs, ctimeNs, mtimeMs } = await handle.stat({ bigint: true })
  return { looks: [ino, size, mtimeNs, ctimeNs].join(' '), size: Number(size), modified: Number(mtimeMs) }
}

/** @returns what the file looks like from then on */
async function noteUse(handle: FileHandle, { looks, modified }: { looks: string; modified: number }): Promise<string> {
  const now = Date.now()
  if (Math.abs(now - modified) <= USE_INTERVAL) return looks
  await handle.utimes(now / 1000, now / 1000)
  return (await looksOf(handle)).looks
}

/** What chunks cannot tell: that all of them together are the file that the listing names. */
async function fill(draft: string, hash: FileHash, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  await using out = await openFile(draft, 'wx', 0o600)
  const sum = createHash('sha256')
  for await (const part of bytes) {
    sum.update(part)
    await out.writeFile(part)
  }
  if (sum.digest('hex') !== hash)
    throw new AetherError('integrity', `What the hub has as the file ${hash} does not have this hash`)
}
