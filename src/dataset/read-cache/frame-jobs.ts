// Runs frame jobs beside the main thread. The first few run on it, because small reads are over before a worker has started.
import { createWorkerPool, workerModule } from '../worker-pool.ts'
import { type FrameJob, type FrameResult, runFrameJob } from './frame-job.ts'

export interface FrameJobs {
  /** One result for each check of the job. The bytes of the job are copied. */
  run(job: FrameJob): Promise<FrameResult[]>
  /** Ends the workers. What is under way fails as `cancelled`. */
  close(): Promise<void>
}

/** Plain bytes for which no worker is started. */
const INLINE_BYTES = 4 * 1024 * 1024

export function createFrameJobs(inlineBytes = INLINE_BYTES): FrameJobs {
  const workers = createWorkerPool<FrameJob, FrameResult[]>(workerModule('frame-job-worker', import.meta.url))
  let handled = 0

  async function run(job: FrameJob): Promise<FrameResult[]> {
    if (handled > inlineBytes) return runThere(job)
    for (const { lengths } of job.checks) for (const length of lengths) handled += length
    return runFrameJob(job)
  }

  function runThere({ checks, source }: FrameJob): Promise<FrameResult[]> {
    if ('files' in source) return workers.run({ checks, source })
    const stored = new Uint8Array(source.stored) // others may read the same bytes, so they cannot move
    return workers.run({ checks, source: { ...source, stored } }, [stored.buffer])
  }

  return { run, close: () => workers.close() }
}
