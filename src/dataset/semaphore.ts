// Lets a bounded number of things happen at once; the rest wait in line.
import { AetherError } from '../core/errors.ts'

export interface Semaphore {
  /** Runs `work` when there is room for it. An aborted signal takes the waiting out of the line. */
  run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T>
}

export function createSemaphore(width: number): Semaphore {
  let free = width
  const line: (() => void)[] = []

  async function run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (free > 0) free--
    else await turn(signal)
    try {
      return await work()
    } finally {
      const first = line.shift()
      if (first) first()
      else free++
    }
  }

  function turn(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = () => {
        signal?.removeEventListener('abort', leave)
        resolve()
      }
      const leave = () => {
        line.splice(line.indexOf(enter), 1)
        reject(new AetherError('cancelled', 'Cancelled while waiting in line', { cause: signal?.reason }))
      }
      if (signal?.aborted) return reject(new AetherError('cancelled', 'Cancelled', { cause: signal.reason }))
      signal?.addEventListener('abort', leave, { once: true })
      line.push(enter)
    })
  }

  return { run }
}
