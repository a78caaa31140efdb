// Bytes set aside until they are wanted: in memory up to a limit, and beyond it in a temporary file without a name.
import { randomUUID } from 'node:crypto'
import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AetherError, toAetherError } from '../../core/errors.ts'

const SLAB_BYTES = 1024 * 1024
/** Bytes kept in memory. */
export const SPOOL_MEMORY = 64 * SLAB_BYTES

export interface Spool {
  /** Where the next bytes will go. */
  end(): number
  append(bytes: Uint8Array): void
  /** At least one of the bytes from `position` on, at most `most`. They stay as they are until the next call. */
  read(position: number, most: number): Uint8Array
  /** Forgets all. */
  clear(): void
  close(): void
}

export interface SpoolOptions {
  /** In bytes, a multiple of 1 MiB. */
  memory?: number
  /** Where the file goes. @default that of the system */
  folder?: string
  /** What is set aside, for the error when it cannot be. */
  what?: string
  hint?: string
}

export function createSpool({
  memory = SPOOL_MEMORY,
  folder = tmpdir(),
  what = 'files of the archive',
  hint = 'Set TMPDIR to a folder with more room, or unpack the archive and push the folder',
}: SpoolOptions = {}): Spool {
  const slabs: Buffer[] = []
  let end = 0
  let fd: number | undefined
  let buffer: Buffer | undefined

  function append(bytes: Uint8Array): void {
    for (let start = 0; start < bytes.length; ) {
      const part = bytes.subarray(start, start + room())
      if (end < memory) slabAt(end).set(part, end % SLAB_BYTES)
      else writeAll(part, end - memory)
      start += part.length
      end += part.length
    }
  }

  /** Bytes that go to one place. */
  function room(): number {
    return end < memory ? SLAB_BYTES - (end % SLAB_BYTES) : Number.POSITIVE_INFINITY
  }

  function slabAt(position: number): Buffer {
    const place = Math.floor(position / SLAB_BYTES)
    slabs[place] ??= Buffer.allocUnsafeSlow(SLAB_BYTES)
    return slabs[place]
  }

  function writeAll(bytes: Uint8Array, position: number): void {
    try {
      fd ??= openNameless(folder)
      for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done, position + done)
    } catch (error) {
      const { code, message } = toAetherError(error)
      throw new AetherError(code, `Cannot set ${what} aside: ${message}`, { hint, cause: error })
    }
  }

  function read(position: number, most: number): Uint8Array {
    if (position >= memory) return readBack(position - memory, most)
    const start = position % SLAB_BYTES
    return slabAt(position).subarray(start, Math.min(SLAB_BYTES, start + most))
  }

  function readBack(position: number, most: number): Uint8Array {
    buffer ??= Buffer.allocUnsafeSlow(SLAB_BYTES)
    const count = readSync(fd!, buffer, 0, Math.min(most, SLAB_BYTES), position)
    if (count === 0) throw new AetherError('internal', 'A temporary file lost its end')
    return buffer.subarray(0, count)
  }

  function close(): void {
    if (fd !== undefined) closeSync(fd)
    fd = undefined
  }

  return {
    end: () => end,
    append,
    read,
    clear: () => {
      end = 0
    },
    close,
  }
}

/** Without a name it goes away with the process, however that ends. */
function openNameless(folder: string): number {
  const path = join(folder, `aetherfs-${randomUUID()}`)
  const fd = openSync(path, 'wx+', 0o600)
  unlinkSync(path)
  return fd
}
