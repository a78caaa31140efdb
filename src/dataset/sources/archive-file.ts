// An archive on disk: opened once, and known to be the same while it is read.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { AetherError } from '../../core/errors.ts'
import { isSettled, stampOf } from './file-stamp.ts'
import { explainSystem, quote } from './offences.ts'
import { changedError } from './source-error.ts'

export interface ArchiveFile {
  path: string
  fd: number
  size: number
  /** The stamp of everything in the archive as it was opened: as long as the archive is the same, so are they. */
  stamp: string
  settled: boolean
  /** Up to `length` bytes; fewer only at the end of the file. */
  readAt(buffer: Buffer, length: number, position: number): number
  /** @throws {AetherError} `source` when the archive that was opened is another than the one of this stamp. */
  expect(stamp: string): void
  /** @throws {AetherError} `source` when the archive changed since it was opened. */
  verify(): void
  close(): void
}

export function openArchive(path: string): ArchiveFile {
  const now = Date.now()
  const fd = attempt(path, () => openSync(path, 'r'))
  const stat = attempt(path, () => fstatSync(fd))
  const stamp = stampOf(stat)

  function readAt(buffer: Buffer, length: number, position: number): number {
    return attempt(path, () => {
      let done = 0
      while (done < length) {
        const count = readSync(fd, buffer, done, length - done, position + done)
        if (count === 0) break
        done += count
      }
      return done
    })
  }

  function expect(expected: string): void {
    if (expected !== stamp) throw changedError(path)
  }

  function verify(): void {
    expect(stampOf(attempt(path, () => fstatSync(fd))))
  }

  const close = () => attempt(path, () => closeSync(fd))
  const settled = isSettled(stat.mtimeMs, stat.ctimeMs, now)
  return { path, fd, size: stat.size, stamp, settled, readAt, expect, verify, close }
}

function attempt<T>(path: string, action: () => T): T {
  try {
    return action()
  } catch (cause) {
    const { reason, hint } = explainSystem(cause)
    throw new AetherError('source', `Cannot read ${quote(path)}: ${reason}`, { hint, cause })
  }
}

/** @throws {AetherError} `source` always. */
export function brokenArchive(path: string, reason: string, cause?: unknown): AetherError {
  return new AetherError('source', `Cannot read the archive ${quote(path)}: ${reason}`, {
    hint: 'Make or fetch the archive again',
    cause,
  })
}
