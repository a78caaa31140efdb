// A worker thread that makes plain, checked frames.
import { parentPort } from 'node:worker_threads'
import { toAetherError } from '../../core/errors.ts'
import type { WorkerAnswer } from '../worker-pool.ts'
import { type FrameJob, type FrameOutcome, runFrameJob } from './frame-job.ts'

/** The targets come back, whatever is in them. */
export interface FrameAnswer {
  outcomes: FrameOutcome[]
  targets: Uint8Array<ArrayBuffer>[]
}

parentPort?.on('message', (job: FrameJob) => {
  try {
    const result = { outcomes: runFrameJob(job), targets: job.targets }
    const buffers = job.targets.map(({ buffer }) => buffer)
    parentPort?.postMessage({ result } satisfies WorkerAnswer<FrameAnswer>, buffers)
  } catch (error) {
    const { code, message, hint } = toAetherError(error)
    parentPort?.postMessage({ error: { code, message, hint } } satisfies WorkerAnswer<FrameAnswer>)
  }
})
