// How many transfers may be under way at once: fewer when the hub shows that it has too many, slowly more when it has not
// (additive increase, multiplicative decrease: RFC 5681, section 3.1).
import { AetherError } from '../../core/errors.ts'

export interface AdaptiveLimit {
  /** Runs `work` when there is room for it. @throws {AetherError} `cancelled` when the signal ends the waiting */
  run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T>
  /** Transfers that may be under way at once as things stand. */
  width(): number
}

export interface AdaptiveLimitOptions {
  least: number
  /** Also where it begins. */
  most: number
}

export function createAdaptiveLimit({ least, most }: AdaptiveLimitOptions): AdaptiveLimit {
  const line: (() => void)[] = []
  let width = most
  let running = 0
  /** Counts the cuts: several failures at one time are one sign of overload. */
  let cuts = 0

  async function run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (running < Math.floor(width)) running++
    else await turn(signal)
    const begunAt = cuts
    try {
      const result = await work()
      width = Math.min(most, width + 1 / width)
      return result
    } catch (error) {
      if (begunAt === cuts && isOverload(error)) cut()
      throw error
    } finally {
      running--
      admit()
    }
  }

  function cut(): void {
    cuts++
    width = Math.max(least, Math.min(width, running) / 2)
  }

  function admit(): void {
    while (running < Math.floor(width) && line.length > 0) line.shift()!()
  }

  function turn(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = () => {
        signal?.removeEventListener('abort', leave)
        running++
        resolve()
      }
      const leave = () => {
        line.splice(line.indexOf(enter), 1)
        reject(new AetherError('cancelled', 'Cancelled while waiting in line', { cause: signal?.reason }))
      }
      line.push(enter)
      if (signal?.aborted) leave()
      else signal?.addEventListener('abort', leave, { once: true })
    })
  }

  return { run, width: () => Math.floor(width) }
}

function isOverload(error: unknown): boolean {
  return error instanceof AetherError && error.code === 'unavailable'
}
