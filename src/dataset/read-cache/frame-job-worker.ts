// A worker thread that makes plain, checked frames.
import { parentPort } from 'node:worker_threads'
import { toAetherError } from '../../core/errors.ts'
import type { WorkerAnswer } from '../worker-pool.ts'
import { type FrameJob, type FrameOutcome, runFrameJob } from './frame-job.ts'

/** The buffers of the job come back, whatever is in them. */
export interface FrameAnswer {
  outcomes: FrameOutcome[]
  targets: Uint8Array<ArrayBuffer>[]
  /** What had the stored bytes. */
  spare?: Uint8Array<ArrayBuffer>
}

parentPort?.on('message', (job: FrameJob) => {
  try {
    const { targets, source } = job
    const spare = 'stored' in source ? (source.stored as Uint8Array<ArrayBuffer>) : undefined
    const result = { outcomes: runFrameJob(job), targets, spare }
    const buffers = [...targets, ...(spare ? [spare] : [])].map(({ buffer }) => buffer)
    parentPort?.postMessage({ result } satisfies WorkerAnswer<FrameAnswer>, buffers)
  } catch (error) {
    const { code, message, hint } = toAetherError(error)
    parentPort?.postMessage({ error: { code, message, hint } } satisfies WorkerAnswer<FrameAnswer>)
  }
})
