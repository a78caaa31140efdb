// A worker thread that checks files of the cache's folder.
import { parentPort } from 'node:worker_threads'
import { toAetherError } from '../../core/errors.ts'
import type { WorkerAnswer } from '../worker-pool.ts'
import { hasChunks, type WholeCheck } from './whole-check.ts'

parentPort?.on('message', (check: WholeCheck) => {
  let answer: WorkerAnswer<boolean>
  try {
    answer = { result: hasChunks(check) }
  } catch (error) {
    const { code, message } = toAetherError(error)
    answer = { error: { code, message } }
  }
  parentPort?.postMessage(answer)
})
