// A worker thread that makes plain, checked frames.
import { parentPort } from 'node:worker_threads'
import { toAetherError } from '../../core/errors.ts'
import type { WorkerAnswer } from '../worker-pool.ts'
import { type FrameJob, type FrameResult, runFrameJob } from './frame-job.ts'

parentPort?.on('message', (job: FrameJob) => {
  try {
    const result = runFrameJob(job)
    const buffers = result.flatMap((frame) => (typeof frame === 'string' ? [] : [frame.buffer]))
    parentPort?.postMessage({ result } satisfies WorkerAnswer<FrameResult[]>, buffers)
  } catch (error) {
    const { code, message, hint } = toAetherError(error)
    parentPort?.postMessage({ error: { code, message, hint } } satisfies WorkerAnswer<FrameResult[]>)
  }
})
