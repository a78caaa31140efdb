// A worker thread that hashes and writes the large files of a pull. Jobs are done one after the other, in order.
import { createHash, type Hash } from 'node:crypto'
import { writeSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import { toAetherError } from '../../core/errors.ts'
import type { WorkerAnswer } from '../worker-pool.ts'

/** Buffers of jobs move to this thread and back. */
export type FileJob = { append: AppendJob } | { digest: number }
export type FileResult = AppendResult | DigestResult

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
    if ('append' in job) answer(append(job.append), job.append.bytes.buffer)
    else answer(digest(job.digest))
  } catch (error) {
    const { code, message, hint } = toAetherError(error)
    parentPort?.postMessage({ error: { code, message, hint } } satisfies WorkerAnswer<FileResult>)
  }
})

function answer(result: FileResult, ...buffers: ArrayBuffer[]): void {
  parentPort?.postMessage({ result } satisfies WorkerAnswer<FileResult>, buffers)
}

function append({ handle, path, position, bytes, length }: AppendJob): AppendResult {
  const hash = position === 0 ? createHash('sha256') : hashes.get(handle)!
  hashes.set(handle, hash)
  hash.update(bytes.subarray(0, length))
  try {
    for (let done = 0; done < length; ) done += writeSync(handle, bytes, done, length - done, position + done)
  } catch (error) {
    throw toAetherError(error, path) // what the system says of an open file does not name it
  }
  return { bytes }
}

function digest(handle: number): DigestResult {
  const hash = hashes.get(handle)!
  hashes.delete(handle)
  return { hash: hash.digest('hex') }
}
