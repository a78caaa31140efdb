// Has large files hashed and written on a thread of its own, so that the main thread has time to fetch and plan. It gets
// copies of the bytes: others may still read the frames that they lie in.
import { createBufferPool } from '../buffer-pool.ts'
import { createWorkerPool, workerModule } from '../worker-pool.ts'
import type { AppendJob, DigestResult, FileJob, FileResult } from './file-worker.ts'

export interface FileThread {
  /** Whether a large file goes to the thread: the first ones do not, a small pull is over before it has started. */
  takes(size: number): boolean
  /** A buffer of `BATCH_BYTES` for a job. */
  take(): Uint8Array<ArrayBuffer>
  /** Writes the next bytes of a large file. */
  append(job: AppendJob): Promise<void>
  /** SHA-256 of all that was appended to the file. */
  digest(handle: number): Promise<string>
  /** What has to be waited for before more is begun. @throws what a job has failed with */
  room(): Promise<unknown> | undefined
  /** Ends the thread once it has done what it was given. */
  close(): Promise<void>
}

/** Bytes of one job at most. */
export const BATCH_BYTES = 1024 * 1024
/** Jobs that are under way, each with such a buffer. */
const JOBS_AHEAD = 3
/** Bytes of large files that are written before the thread is started. */
const INLINE_BYTES = 4 * 1024 * 1024

export function createFileThread(inlineBytes = INLINE_BYTES): FileThread {
  const buffers = createBufferPool(BATCH_BYTES, JOBS_AHEAD + 2)
  const worker = createWorkerPool<FileJob, FileResult>(workerModule('file-worker', import.meta.url), 1)
  const underWay = new Set<Promise<unknown>>()
  const failures: unknown[] = []
  let handled = 0

  function takes(size: number): boolean {
    handled += size
    return handled > inlineBytes
  }

  function run(job: FileJob, bytes?: Uint8Array<ArrayBuffer>): Promise<FileResult> {
    const result = worker.run(job, bytes && [bytes.buffer])
    underWay.add(result)
    result.then(
      (answer) => {
        underWay.delete(result)
        if ('bytes' in answer) buffers.give(answer.bytes)
      },
      (error) => {
        underWay.delete(result)
        failures.push(error)
      },
    )
    return result
  }

  async function append(job: AppendJob): Promise<void> {
    await run({ append: job }, job.bytes)
  }

  async function digest(handle: number): Promise<string> {
    return ((await run({ digest: handle })) as DigestResult).hash
  }

  function room(): Promise<unknown> | undefined {
    if (failures.length > 0) throw failures[0]
    return underWay.size < JOBS_AHEAD ? undefined : Promise.race(underWay)
  }

  async function close(): Promise<void> {
    await Promise.allSettled(underWay)
    await worker.close()
  }

  return { takes, take: buffers.take, append, digest, room, close }
}
