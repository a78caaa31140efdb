// Whole files in the cache's folder, by their hashes, for doors that can hand on an open file in the place of its bytes. Whoever
// has one reads it without us, so all of it is checked before: once by each process, and again when somebody has touched it.
import { createHash } from 'node:crypto'
import { closeSync, fstatSync, futimesSync, openSync } from 'node:fs'
import { open as openFile, rm } from 'node:fs/promises'
import { AetherError, systemCode, toAetherError } from '../../core/errors.ts'
import type { FileHash } from '../../core/id.ts'
import { createLruCache } from '../lru-cache.ts'
import { createSemaphore } from '../semaphore.ts'
import { createSharedWork } from '../shared-work.ts'
import type { OpenedFile } from '../tree/readable-tree.ts'
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
  open(file: WholeFile, verify: (fd: number) => Promise<boolean>): Promise<OpenedFile | undefined>
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
    const opened = openKept(path)
    if (opened === undefined) return undefined
    try {
      const isGood = await checking.run(file.hash, () => isRight(opened.fd, file, verify))
      // It may have been another one, in the same place, that somebody else has checked for us.
      if (isGood && looksOf(opened.fd).looks === checked.get(file.hash)) return opened
      if (!isGood) await discard(path)
    } catch (error) {
      opened.close()
      throw error
    }
    opened.close()
    return undefined
  }

  async function discard(path: string): Promise<void> {
    onWarning(`The cached file "${path}" is damaged: it is removed and fetched anew`)
    await rm(path, { force: true })
  }

  async function isRight(fd: number, { hash, size }: WholeFile, verify: (fd: number) => Promise<boolean>) {
    const found = looksOf(fd)
    const isKnown = found.looks === checked.get(hash)
    const looks = noteUse(fd, found)
    const isGood = isKnown || (found.size === size && (await verify(fd)) && looks === looksOf(fd).looks)
    if (isGood) checked.set(hash, looks)
    else checked.delete(hash)
    return isGood
  }

  async function keep({ hash, size }: WholeFile, read: () => AsyncIterable<Uint8Array>): Promise<boolean> {
    const opened = openKept(folder.pathOf(hash))
    opened?.close()
    if (opened !== undefined) return true
    const make = () => oneByOne.run(() => folder.make(hash, size, (draft) => fill(draft, hash, read())))
    return making.run(hash, make)
  }

  return { open, keep }
}

// These calls are answered from memory: another thread would take longer to be asked.

function openKept(path: string): OpenedFile | undefined {
  try {
    const fd = openSync(path, 'r')
    return { fd, close: () => closeSync(fd) }
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw toAetherError(error)
  }
}

/** Changes with whatever writes to the file, or replaces it. */
function looksOf(fd: number): { looks: string; size: number; modified: number } {
  const { ino, size, mtimeNs, ctimeNs, mtimeMs } = fstatSync(fd, { bigint: true })
  return { looks: [ino, size, mtimeNs, ctimeNs].join(' '), size: Number(size), modified: Number(mtimeMs) }
}

/** @returns what the file looks like from then on */
function noteUse(fd: number, { looks, modified }: { looks: string; modified: number }): string {
  const now = Date.now()
  if (Math.abs(now - modified) <= USE_INTERVAL) return looks
  futimesSync(fd, now / 1000, now / 1000)
  return looksOf(fd).looks
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
