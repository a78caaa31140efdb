// A clock that stands until nothing else goes on, and then jumps to the next moment that somebody waits for.
import { cancelled } from './check-options.ts'
import type { Clock } from './clock.ts'

export interface VirtualClock extends Clock {
  /** For retry policies and slow storages. */
  wait(delay: number, signal?: AbortSignal): Promise<void>
  /** Lets time pass until `work` has ended. */
  run<T>(work: Promise<T>): Promise<T>
}

export function createVirtualClock(): VirtualClock {
  const rings = new Set<{ at: number; ring: () => void }>()
  let time = 0

  function after(delay: number, ring: () => void): () => void {
    const entry = { at: time + delay, ring }
    rings.add(entry)
    return () => rings.delete(entry)
  }

  function wait(delay: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = after(delay, resolve)
      const stop = () => {
        cancel()
        reject(cancelled(signal!))
      }
      if (signal?.aborted) stop()
      else signal?.addEventListener('abort', stop, { once: true })
    })
  }

  function jump(): void {
    const [next] = [...rings].sort((a, b) => a.at - b.at)
    if (next === undefined) throw new Error('Nobody waits for a moment, and the work has not ended')
    rings.delete(next)
    time = next.at
    next.ring()
  }

  async function run<T>(work: Promise<T>): Promise<T> {
    let ended = false
    const end = () => {
      ended = true
    }
    work.then(end, end)
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve)) // all that can go on without time has gone on then
      if (ended) return work
      jump()
    }
  }

  return { now: () => time, after, wait, run }
}
