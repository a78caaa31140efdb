// Scans a source on a worker thread; gives the windows that it finds, with back-pressure.
import { on } from 'node:events'
import { Worker } from 'node:worker_threads'
import { AetherError } from '../../core/errors.ts'
import { workerModule } from '../worker-pool.ts'
import type { ScanJob, ScanMessage, TakenWindow } from './scan-worker.ts'
import type { Window } from './scanner.ts'

export type { ScanJob } from './scan-worker.ts'

/** Windows in the order in which they were read. A window is done with when the next is asked for. */
export async function* scan(job: ScanJob, signal?: AbortSignal): AsyncGenerator<Window> {
  const worker = new Worker(workerModule('scan-worker', import.meta.url))
  try {
    const messages = on(worker, 'message', { signal, close: ['exit'] })
    worker.postMessage(job)
    for await (const [message] of messages as AsyncIterable<[ScanMessage]>) {
      if ('done' in message) return
      if ('error' in message)
        throw new AetherError(message.error.code, message.error.message, { hint: message.error.hint })
      yield message.window
      const taken: TakenWindow = { taken: message.window.bytes }
      worker.postMessage(taken, [taken.taken.buffer])
    }
    throw new AetherError('internal', 'The scanning thread ended early')
  } finally {
    await worker.terminate()
  }
}
