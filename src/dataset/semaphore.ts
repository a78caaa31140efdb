// Lets a bounded number of things happen at once; the rest wait in line.
import { AetherError } from '../core/errors.ts'

export interface Semaphore {
  /**
   * Runs `work` when there is room for it. An aborted signal takes the waiting out of the line.
   * @param maxWait milliseconds in the line at most. @default no end
   * @throws {AetherError} `cancelled`, or `unavailable` after `maxWait`
   */
  run<T>(work: () => Promise<T>, signal?: AbortSignal, maxWait?: number): Promise<T>
}

export function createSemaphore(width: number): Semaphore {
  let free = width
  const line: (() => void)[] = []

  async function run<T>(work: () => Promise<T>, signal?: AbortSignal, maxWait?: number): Promise<T> {
    if (free > 0) free--
    else await turn(signal, maxWait)
    try {
      return await work()
    } finally {
      const first = line.shift()
      if (first) first()
      else free++
    }
  }

  function turn(signal?: AbortSignal, maxWait?: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const giveUp = (error: AetherError) => {
        stopWaiting()
        line.splice(line.indexOf(enter), 1)
        reject(error)
      }
      const enter = () => {
        stopWaiting()
        resolve()
      }
      const onAbort = () =>
        giveUp(new AetherError('cancelled', 'Cancelled while waiting in line', { cause: signal?.reason }))
      const onTimeout = () => giveUp(new AetherError('unavailable', 'Too much is under way; try again later'))
      const timer = maxWait === undefined ? undefined : setTimeout(onTimeout, maxWait)
      const stopWaiting = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', onAbort)
      }
      line.push(enter)
      if (signal?.aborted) onAbort()
      else signal?.addEventListener('abort', onAbort, { once: true })
    })
  }

  return { run }
}
