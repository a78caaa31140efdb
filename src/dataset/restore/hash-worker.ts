// The thread that hashes large files for stream-hash.ts.
import { createHash } from 'node:crypto'
import { parentPort } from 'node:worker_threads'
import type { WorkerAnswer } from '../worker-pool.ts'
import type { HashAnswer, HashJob } from './stream-hash.ts'

let hash = createHash('sha256')

parentPort?.on('message', ({ bytes, length, last }: HashJob) => {
  hash.update(bytes.subarray(0, length))
  const answer: WorkerAnswer<HashAnswer> = { result: { bytes, digest: last ? hash.digest('hex') : undefined } }
  if (last) hash = createHash('sha256')
  parentPort?.postMessage(answer, [bytes.buffer])
})
