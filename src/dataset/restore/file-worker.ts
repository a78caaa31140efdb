// A worker thread that hashes and writes what a pull puts on disk. Jobs are done one after the other, in order.
import { createHash, type Hash } from 'node:crypto'
import { writeSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import { toAetherError } from '../../core/errors.ts'
import { sha256Hex } from '../../core/id.ts'
import type { WorkerAnswer } from '../worker-pool.ts'
import { type NewFile, writeSmallFile } from './new-file.ts'

/** Buffers of jobs move to this thread and back. */
export type FileJob = { small: SmallFilesJob } | { append: AppendJob } | { digest: number }
export type FileResult = SmallFilesResult | AppendResult | DigestResult

/** Whole files, one behind the other. */
export interface SmallFilesJob {
  bytes: Uint8Array<ArrayBuffer>
  files: (NewFile & { hash: string; length: number })[]
}

export interface SmallFilesResult {
  bytes: Uint8Array<ArrayBuffer>
  /** Places in the job of files whose bytes are not those of their hash. They were not written. */
  wrong: number[]
}

/** The next bytes of a large file, which the main thread has open: threads share descriptors. */
export interface AppendJob {
  handle: number
  path: string
  position: number
  bytes: Uint8Array<ArrayBuffer>
  /** Bytes at the beginning of the buffer. */
  length: number
}

export interface AppendResult {
  bytes: Uint8Array<ArrayBuffer>
}

export interface DigestResult {
  /** SHA-256 of all that was appended. */
  hash: string
}

/** Of large files that are being written, by their descriptors. */
const hashes = new Map<number, Hash>()

parentPort?.on('message', (job: FileJob) => {
  try {
    if ('small' in job) answer(writeSmall(job.small), job.small.bytes.buffer)
    else if ('append' in job) answer(append(job.append), job.append.bytes.buffer)
    else answer(digest(job.digest))
  } catch (error) {
    const { code, message, hint } = toAetherError(error)
    parentPort?.postMessage({ error: { code, message, hint } } satisfies WorkerAnswer<FileResult>)
  }
})

function answer(result: FileResult, ...buffers: ArrayBuffer[]): void {
  parentPort?.postMessage({ result } satisfies WorkerAnswer<FileResult>, buffers)
}

function writeSmall({ bytes, files }: SmallFilesJob): SmallFilesResult {
  const wrong: number[] = []
  let end = 0
  for (const [i, file] of files.entries()) {
    const content = bytes.subarray(end, end + file.length)
    end += file.length
    if (sha256Hex(content) !== file.hash) wrong.push(i)
    else named(file.path, () => writeSmallFile(file, content))
  }
  return { bytes, wrong }
}

/** What the system says of an open file does not name it. */
function named(path: string, write: () => void): void {
  try {
    write()
  } catch (error) {
    throw toAetherError(error, path)
  }
}

function append({ handle, path, position, bytes, length }: AppendJob): AppendResult {
  const hash = position === 0 ? createHash('sha256') : hashes.get(handle)!
  hashes.set(handle, hash)
  hash.update(bytes.subarray(0, length))
  named(path, () => {
    for (let done = 0; done < length; ) done += writeSync(handle, bytes, done, length - done, position + done)
  })
  return { bytes }
}

function digest(handle: number): DigestResult {
  const hash = hashes.get(handle)!
  hashes.delete(handle)
  return { hash: hash.digest('hex') }
}
