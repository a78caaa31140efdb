// A worker thread that checks blocks, so that a hub goes on answering meanwhile.
import { parentPort } from 'node:worker_threads'
import type { BlockInfo } from '../core/block.ts'
import { toAetherError } from '../core/errors.ts'
import type { BlockId } from '../core/id.ts'
import { verifyBlock } from './verify-block.ts'
import type { WorkerAnswer } from './worker-pool.ts'

export interface VerifyJob {
  id: BlockId
  bytes: Uint8Array<ArrayBuffer>
}

export interface VerifyResult {
  info: BlockInfo
  /** The bytes of the job, given back. */
  bytes: Uint8Array<ArrayBuffer>
}

parentPort?.on('message', ({ id, bytes }: VerifyJob) => {
  let answer: WorkerAnswer<VerifyResult>
  try {
    answer = { result: { info: verifyBlock(id, bytes), bytes } }
  } catch (error) {
    const { code, message } = toAetherError(error)
    answer = { error: { code, message } }
  }
  parentPort?.postMessage(answer, [bytes.buffer])
})
