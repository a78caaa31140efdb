// The content of a snapshot out of a folder that holds its files. What is read here is not checked: whoever uses it checks
// what comes out in the end.
import { closeSync, constants, openSync, readSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { lastAtMost } from '../../core/block.ts'
import type { ByteSource } from '../../core/delta/byte-source.ts'
import { AetherError } from '../../core/errors.ts'
import type { Entry } from '../../core/listing.ts'

export interface FolderContent extends ByteSource {
  close(): Promise<void>
}

/** Not through a link, and not waiting for the other end of a pipe in the place of a file. */
const READ_ONLY = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/** Files up to this size, in bytes, are read on the calling thread: a trip to the thread pool takes longer. */
const SMALL = 64 * 1024

/**
 * @param entries of the snapshot, in listing order
 * @param folder where its files are
 * Reading throws an AetherError `source` when a file has become shorter, and what the operating system says.
 */
export function openFolderContent(folder: string, entries: readonly Entry[]): FolderContent {
  const files = entries.filter((entry) => entry.kind === 'file').filter(({ size }) => size > 0)
  const start = new Float64Array(files.length + 1)
  for (const [i, { size }] of files.entries()) start[i + 1] = start[i]! + size
  let current: { file: number; handle: FileHandle } | undefined

  async function read(...[offset, length, signal, into]: Parameters<FolderContent['read']>): Promise<Uint8Array> {
    const bytes = into ?? Buffer.allocUnsafeSlow(length)
    let file = lastAtMost(start, offset)
    for (let done = 0; done < length; file++) {
      signal?.throwIfAborted()
      const position = offset + done - start[file]!
      const part = bytes.subarray(done, done + Math.min(length - done, start[file + 1]! - offset - done))
      await readPart(file, position, part)
      done += part.length
    }
    return bytes
  }

  async function readPart(file: number, position: number, into: Uint8Array): Promise<void> {
    if (start[file + 1]! - start[file]! <= SMALL) return readSmall(file, position, into)
    const handle = await handleOf(file)
    for (let done = 0; done < into.length; ) {
      const { bytesRead } = await handle.read(into, done, into.length - done, position + done)
      done += checked(bytesRead, file)
    }
  }

  function readSmall(file: number, position: number, into: Uint8Array): void {
    const handle = openSync(pathOf(file), READ_ONLY)
    try {
      for (let done = 0; done < into.length; ) {
        done += checked(readSync(handle, into, done, into.length - done, position + done), file)
      }
    } finally {
      closeSync(handle)
    }
  }

  function checked(bytesRead: number, file: number): number {
    if (bytesRead === 0) throw new AetherError('source', `"${pathOf(file)}" is shorter than it was`)
    return bytesRead
  }

  function pathOf(file: number): string {
    return join(folder, files[file]!.path)
  }

  /** One large file is open at a time: reads are about in order. */
  async function handleOf(file: number): Promise<FileHandle> {
    if (current?.file === file) return current.handle
    await close()
    const handle = await open(pathOf(file), READ_ONLY)
    current = { file, handle }
    return handle
  }

  async function close(): Promise<void> {
    const { handle } = current ?? {}
    current = undefined
    await handle?.close()
  }

  return { length: start.at(-1)!, read, close }
}
