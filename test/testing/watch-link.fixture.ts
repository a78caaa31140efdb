// Looks at a link without a pause, from a thread of its own, so that not even a moment without it goes unnoticed.
import { existsSync, readlinkSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'

export interface LinkWatch extends AsyncDisposable {
  /** Ends it; answers how often it looked, and the first fault that it saw. */
  stop(): Promise<{ looks: number; fault: string | undefined }>
}

interface Job {
  path: string
  stopped: Int32Array
}

export async function watchLink(path: string): Promise<LinkWatch> {
  const stopped = new Int32Array(new SharedArrayBuffer(4))
  const worker = new Worker(new URL(import.meta.url), { workerData: { path, stopped } satisfies Job })
  const next = () => new Promise((resolve) => worker.once('message', resolve))
  await next() // it looks by now
  return {
    [Symbol.asyncDispose]: async () => void (await worker.terminate()),
    async stop() {
      const result = next()
      Atomics.store(stopped, 0, 1)
      return (await result) as { looks: number; fault: string | undefined }
    },
  }
}

/** A target that was there when the link named it may be gone a moment later; one that is named still may not. */
function look(path: string): string | undefined {
  try {
    const target = readlinkSync(path)
    const isWhole = existsSync(resolve(dirname(path), target)) || readlinkSync(path) !== target
    return isWhole ? undefined : `${target} is not there`
  } catch (error) {
    return String(error)
  }
}

if (!isMainThread) {
  const { path, stopped } = workerData as Job
  let looks = 0
  let fault: string | undefined
  parentPort!.postMessage('looking')
  for (; Atomics.load(stopped, 0) === 0; looks++) fault ??= look(path)
  parentPort!.postMessage({ looks, fault })
}
