// A worker thread that takes a lock, says so, and keeps it until it is terminated.
import { parentPort, workerData } from 'node:worker_threads'
import { createProcessLock } from './process-lock.ts'

await createProcessLock(workerData as string).run(async () => {
  parentPort?.postMessage('held')
  await new Promise((resolve) => parentPort?.once('message', resolve))
})
