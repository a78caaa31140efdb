// Puts one new file on disk. Small ones in one go on the calling thread: for them a trip to the thread pool takes longer
// than the work. Files never get their place through a link: they are made where nothing is, in folders of our own.
import type { Hash } from 'node:crypto'
import { closeSync, constants, fchmodSync, futimesSync, openSync, read, writeSync, writev } from 'node:fs'
import { promisify } from 'node:util'
import { AetherError } from '../../core/errors.ts'
import { secondsOf } from './disk-time.ts'
import type { FileThread } from './file-thread.ts'

const NEW = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
const OLD = constants.O_RDWR | constants.O_NOFOLLOW

const writeMany = promisify(writev)
const readSome = promisify(read)

/** Permission bits of a file that is put on disk; the mask of the process takes some of them away. */
export function modeOf(file: { executable: boolean }): number {
  return file.executable ? 0o555 : 0o444
}

export interface NewFile {
  path: string
  mode: number
  /** Modification time in microseconds. */
  micros: number
}

/** Writes a whole file. */
export function writeSmallFile(file: NewFile, bytes: Uint8Array): void {
  const handle = openSync(file.path, NEW, file.mode)
  try {
    for (let done = 0; done < bytes.length; ) done += writeSync(handle, bytes, done, bytes.length - done, done)
    futimesSync(handle, secondsOf(file.micros), secondsOf(file.micros))
  } finally {
    closeSync(handle)
  }
}

/** A large file that is written from front to back, and hashed on the way. */
export interface LargeFile extends Sink {
  read(position: number, length: number): Promise<Uint8Array>
  write(position: number, bytes: Uint8Array): Promise<void>
  /** Sets mode and time. */
  finish(): void
  /** Closes the file, finished or not, once nothing is being written any more. */
  close(): Promise<void>
}

/** Where the bytes of a large file go. */
export interface Sink {
  /** Takes bytes, which stay as they are until `settle`; waits for the disk when much is outstanding. */
  add(bytes: Uint8Array): Promise<void> | undefined
  /** From here on the bytes that were added are not used any more. */
  settle(): Promise<void> | undefined
  /** Waits until all bytes were taken by the file system. */
  flush(): Promise<void>
  /** SHA-256 of the whole file, as far as it was added. */
  digest(): string | Promise<string>
}

/** Bytes of one write. */
const BATCH = 1024 * 1024
/** Pieces of one write; operating systems take 1024. */
const BATCH_PIECES = 512

/** Writes on the thread pool and hashes on the calling thread. */
export function createSink(handle: number, from: number, hash: Hash): Sink {
  let batch: Uint8Array[] = []
  let batched = 0
  let position = from
  let writing: Promise<void> | undefined

  function add(bytes: Uint8Array): Promise<void> | undefined {
    batch.push(bytes)
    batched += bytes.length
    const waiting = batched < BATCH && batch.length < BATCH_PIECES ? undefined : startWrite()
    hash.update(bytes) // while the batch before is being written
    return waiting
  }

  /** One write is under way while the next batch is filled. */
  async function startWrite(): Promise<void> {
    const buffers = batch
    const at = position
    position += batched
    batch = []
    batched = 0
    await writing
    writing = writeAll(handle, buffers, at)
    writing.catch(() => {}) // thrown where it is waited for
  }

  async function flush(): Promise<void> {
    if (batched > 0) await startWrite()
    await writing
  }

  return { add, settle: flush, flush, digest: () => hash.digest('hex') }
}

/** Hashes and writes on another thread. The file is a new one. */
export function createThreadSink(handle: number, path: string, thread: FileThread): Sink {
  let bytes: Uint8Array<ArrayBuffer> | undefined
  let length = 0
  let position = 0
  let writing: Promise<void> | undefined

  function add(part: Uint8Array): undefined {
    for (let done = 0; done < part.length; ) {
      bytes ??= thread.take()
      const piece = part.subarray(done, done + bytes.length - length)
      bytes.set(piece, length)
      length += piece.length
      done += piece.length
      if (length === bytes.length) send(bytes)
    }
  }

  function send(full: Uint8Array<ArrayBuffer>): void {
    const job = { handle, path, position, bytes: full, length }
    position += length
    bytes = undefined
    length = 0
    writing = Promise.all([writing, thread.append(job)]).then(() => {})
    writing.catch(() => {}) // thrown where it is waited for
  }

  async function flush(): Promise<void> {
    if (bytes) send(bytes)
    await writing
  }

  return { add, settle: () => undefined, flush, digest: () => thread.digest(handle) }
}

/**
 * @param from bytes that an earlier run has written; 0 makes the file.
 * @param sinkOf what takes the bytes of the file that is open under this descriptor
 */
export function openLargeFile(file: NewFile, from: number, mask: number, sinkOf: (handle: number) => Sink): LargeFile {
  const handle = from > 0 ? openSync(file.path, OLD) : openSync(file.path, NEW, file.mode)
  const sink = sinkOf(handle)

  async function readAt(at: number, length: number): Promise<Uint8Array> {
    const bytes = Buffer.allocUnsafeSlow(length)
    let done = 0
    while (done < length) {
      const { bytesRead } = await readSome(handle, bytes, done, length - done, at + done)
      if (bytesRead === 0) throw new AetherError('integrity', `"${file.path}" became shorter while it was written`)
      done += bytesRead
    }
    return bytes
  }

  function finish(): void {
    if (from > 0) fchmodSync(handle, file.mode & mask)
    futimesSync(handle, secondsOf(file.micros), secondsOf(file.micros))
  }

  async function close(): Promise<void> {
    await sink.flush().catch(() => {}) // what came so far is of use the next time, if there is room for it
    closeSync(handle)
  }

  return { ...sink, read: readAt, write: (at, bytes) => writeAll(handle, [bytes], at), finish, close }
}

async function writeAll(handle: number, buffers: Uint8Array[], position: number): Promise<void> {
  let left = buffers
  let at = position
  while (left.length > 0) {
    const { bytesWritten } = await writeMany(handle, left, at)
    at += bytesWritten
    left = drop(left, bytesWritten)
  }
}

/** What is left of buffers behind their first `count` bytes. */
function drop(buffers: Uint8Array[], count: number): Uint8Array[] {
  let first = 0
  let left = count
  while (first < buffers.length && left >= buffers[first]!.length) left -= buffers[first++]!.length
  const rest = buffers.slice(first)
  if (left > 0) rest[0] = rest[0]!.subarray(left)
  return rest
}
