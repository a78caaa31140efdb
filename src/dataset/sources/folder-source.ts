// Reads the files of a folder, or a single file, as they were listed, or not at all.
//
// All calls are synchronous: this runs on a thread of its own, where they are the fastest.
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { AetherError, systemCode } from '../../core/errors.ts'
import type { Source, SourceEntry } from '../source.ts'
import { isAsListed } from './file-stamp.ts'
import { explainSystem, quote } from './offences.ts'
import { createRandomSource, type FileBytes } from './segment-reader.ts'
import { changedError } from './source-error.ts'
import { resolveFolder } from './walk.ts'

/** Bytes that are read at once. */
const BUFFER_BYTES = 1024 * 1024

/**
 * What is read is what was listed: size, times, inode and device of the open file are compared with what the walk saw,
 * before and after reading; a link that was made to it meanwhile does not count. So a file that grew, shrank, was written
 * to or replaced is found out, and so is a folder that was swapped for a link, because a path through it leads to another
 * inode. Writes through a memory map that the kernel has not yet put down to the file's time are not seen.
 */
export function createFolderSource(root: string, kind: 'folder' | 'file'): Source {
  const buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES)
  const base = kind === 'folder' ? resolveFolder(root) : ''

  function open(entry: SourceEntry, offset: number): FileBytes {
    const fd = kind === 'file' ? openAs(entry, root, 0) : openAs(entry, base + entry.path, constants.O_NOFOLLOW)
    return createFileBytes(fd, entry, offset, buffer)
  }

  return createRandomSource(open)
}

function openAs(entry: SourceEntry, path: string, flags: number): number {
  try {
    // Should a pipe have taken the file's place, opening it must not wait for a writer.
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | flags)
  } catch (cause) {
    const code = systemCode(cause) ?? ''
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO'].includes(code)) throw changedError(entry.path, cause)
    throw unreadable(entry, cause)
  }
}

function attempt<T>(entry: SourceEntry, action: () => T): T {
  try {
    return action()
  } catch (cause) {
    throw unreadable(entry, cause)
  }
}

function unreadable({ path }: SourceEntry, cause: unknown): AetherError {
  const { reason, hint } = explainSystem(cause)
  return new AetherError('source', `Cannot read ${quote(path)}: ${reason}`, { hint, cause })
}

function createFileBytes(fd: number, entry: SourceEntry, offset: number, buffer: Buffer): FileBytes {
  let position = offset

  function next(left: number): Uint8Array {
    // One look after the only read is enough for a small file; a large one is not read for long when it changed already.
    if (position === offset && left > BUFFER_BYTES) verify()
    const count = attempt(entry, () => readSync(fd, buffer, 0, Math.min(left, BUFFER_BYTES), position))
    if (count === 0) throw changedError(entry.path)
    position += count
    return buffer.subarray(0, count)
  }

  function verify(): void {
    const stat = attempt(entry, () => fstatSync(fd))
    if (stat.dev !== entry.location || !isAsListed(stat, entry.stamp)) throw changedError(entry.path)
  }

  return { next, verify, close: () => attempt(entry, () => closeSync(fd)) }
}
