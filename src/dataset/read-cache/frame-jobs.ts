// Runs frame jobs beside the main thread. The first few run on it, because small reads are over before a worker has started.
import { createBufferShelf } from '../buffer-shelf.ts'
import { createWorkerPool, workerModule } from '../worker-pool.ts'
import { type FrameJob, type FrameOutcome, plainLength, runFrameJob } from './frame-job.ts'
import type { FrameAnswer } from './frame-job-worker.ts'

/** In a buffer of its own; or why there is none: "missing" files, and bytes that are not what they should be. */
export type FrameResult = Uint8Array<ArrayBuffer> | Exclude<FrameOutcome, 'whole'>

export interface FrameJobs {
  /** One result for each check of the job. The bytes of the job are copied. */
  run(job: Omit<FrameJob, 'targets'>): Promise<FrameResult[]>
  /** Gives a result back: nobody may use its bytes after this. */
  recycle(bytes: Uint8Array): void
  /** Ends the workers. What is under way fails as `cancelled`. */
  close(): Promise<void>
}

/** Plain bytes for which no worker is started. */
const INLINE_BYTES = 4 * 1024 * 1024
/** Bytes of a file that take about as long as to ask a worker for them: they are read here, while no worker is at work. */
const QUICK = 256 * 1024
/** Bytes of buffers that wait for their next use, at most. */
const IDLE_BYTES = 16 * 1024 * 1024
/** Shorter ones are not worth it. */
const SHORT = 32 * 1024

export function createFrameJobs(inlineBytes = INLINE_BYTES): FrameJobs {
  const workers = createWorkerPool<FrameJob, FrameAnswer>(workerModule('frame-job-worker', import.meta.url))
  const shelf = createBufferShelf(IDLE_BYTES)
  let handled = 0
  let underWay = 0

  async function run(job: Omit<FrameJob, 'targets'>): Promise<FrameResult[]> {
    const lengths = job.checks.map(plainLength)
    const total = lengths.reduce((sum, length) => sum + length, 0)
    const { outcomes, targets } = await answerTo({ ...job, targets: lengths.map(target) }, total)
    return outcomes.map((outcome, i) => {
      if (outcome === 'whole') return targets[i]!
      shelf.give(targets[i]!)
      return outcome
    })
  }

  function target(length: number): Uint8Array<ArrayBuffer> {
    return length < SHORT ? new Uint8Array(length) : shelf.take(length).subarray(0, length)
  }

  function answerTo(job: FrameJob, bytes: number): FrameAnswer | Promise<FrameAnswer> {
    const isQuick = 'files' in job.source && bytes <= QUICK && underWay === 0
    if (handled > inlineBytes && !isQuick) return answerThere(job)
    handled += bytes
    return { outcomes: runFrameJob(job), targets: job.targets }
  }

  async function answerThere(job: FrameJob): Promise<FrameAnswer> {
    underWay++
    try {
      const { spare, ...answer } = await workers.run(...posted(job))
      if (spare) shelf.give(spare)
      return answer
    } finally {
      underWay--
    }
  }

  /** The job, and what of it moves to the worker. */
  function posted({ checks, source, targets }: FrameJob): [FrameJob, ArrayBuffer[]] {
    const buffers = targets.map(({ buffer }) => buffer)
    if ('files' in source) return [{ checks, source, targets }, buffers]
    const { length } = source.stored
    const stored = shelf.take(length).subarray(0, length) // others may read the same bytes, so they cannot move
    stored.set(source.stored)
    return [{ checks, source: { ...source, stored }, targets }, [...buffers, stored.buffer]]
  }

  return { run, recycle: shelf.give, close: () => workers.close() }
}
