// Files in the making, in a folder of their own: whole and synced before they get their name in the store.
//
// A process that dies leaves its files behind; the next one to open the store removes them. It knows them by the id of
// the process in their name, which says something only within one space of process ids: another machine that shares
// the folder, or another container, has other processes of the same numbers. So the name also says which space it is,
// and files of any other space have to be a day old.
import { createHash, randomBytes } from 'node:crypto'
import type { BigIntStats } from 'node:fs'
import { type FileHandle, readFile, readlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { systemCode } from '../../core/errors.ts'
import { stopIfAborted } from '../check-options.ts'
import type { Stamper } from './file-version.ts'
import type { FolderFs } from './folder-fs.ts'

const DAY = 24 * 60 * 60 * 1000
/** Bytes of one write: a single call takes at most 2 GiB, and between two the caller may stop. */
const PIECE = 16 * 1024 * 1024

export interface NewFile {
  bytes: Uint8Array
  stamp: Stamper
  signal: AbortSignal | undefined
}

/** Writes a new file and answers when it is on stable storage; its name is not yet. */
export async function writeSynced(fs: FolderFs, path: string, { bytes, stamp, signal }: NewFile): Promise<BigIntStats> {
  const file = await fs.open(path, 'wx', 0o600)
  try {
    await writeAll(file, bytes, signal)
    const stat = await stamp(file)
    await file.sync()
    return stat
  } finally {
    await file.close() // may fail too: a full network disk says so as late as here
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    stopIfAborted(signal)
    const { bytesWritten } = await file.write(bytes, done, Math.min(PIECE, bytes.length - done), done)
    done += bytesWritten
  }
}

export function temporaryName(space: string): string {
  return `${space}-${process.pid}-${randomBytes(8).toString('hex')}`
}

/** Which processes the ids of this one's kind are ids of. Where that cannot be told, a space of its own for each call. */
export async function processSpace(): Promise<string> {
  const facts = await Promise.all([
    readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
    readlink('/proc/self/ns/pid'),
  ]).catch(() => [randomBytes(16).toString('hex')])
  return createHash('sha256')
    .update([hostname(), ...facts].join('\n'))
    .digest('hex')
    .slice(0, 16)
}

/** Removes what dead processes left behind, as far as it can: what stays costs space and nothing else. */
export async function removeStale(
  fs: FolderFs,
  folder: string,
  { space, now }: { space: string; now: number },
): Promise<void> {
  const names = await fs.readdir(folder).catch(() => [])
  for (const name of names) {
    const path = join(folder, name)
    if (isOfTheDead(name, space) || (await isOlder(fs, path, now - DAY))) await fs.unlink(path).catch(() => {})
  }
}

function isOfTheDead(name: string, ours: string): boolean {
  const [, space, pid] = /^([0-9a-f]{16})-([1-9][0-9]*)-[0-9a-f]{16}$/.exec(name) ?? []
  return space === ours && !isAlive(Number(pid))
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0) // signal 0 only asks
  } catch (error) {
    return systemCode(error) !== 'ESRCH' // EPERM: alive, of another user
  }
}

async function isOlder(fs: FolderFs, path: string, time: number): Promise<boolean> {
  const stat = await fs.lstat(path).catch(() => undefined)
  return stat?.isFile() === true && stat.mtimeMs < time
}
