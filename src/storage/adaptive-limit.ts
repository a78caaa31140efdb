// How many calls a server is sent at once. It grows by one for each round of calls that went well, and is halved when the
// server fails: additive increase, multiplicative decrease, as TCP does it (RFC 5681, section 3.1).
import { AetherError, type ErrorCode, toAetherError } from '../core/errors.ts'
import { cancelled } from './check-options.ts'
import { type Clock, systemClock } from './clock.ts'

export interface AdaptiveLimitOptions {
  /** @default 4 */
  least?: number
  /** @default 64 */
  most?: number
  /** @default 16 */
  first?: number
  /** Calls that wait at most; further ones are refused at once. @default 1000 */
  maxWaiting?: number
  /** Milliseconds that a call waits at most, or Infinity. @default 10_000 */
  maxWait?: number
  /** Hears of a limit that has changed. */
  onLimit?: (limit: number) => void
  clock?: Clock
}

export interface AdaptiveLimit {
  /** @throws {AetherError} `unavailable` when there is no room for too long, `cancelled`, and whatever `work` throws. */
  run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T>
}

export function createAdaptiveLimit(options: AdaptiveLimitOptions = {}): AdaptiveLimit {
  const { least = 4, most = 64, maxWaiting = 1000, maxWait = 10_000, onLimit, clock = systemClock } = options
  const line: (() => void)[] = []
  let limit = options.first ?? 16
  let busy = 0
  let halved = 0 // how often

  async function run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (busy < Math.floor(limit)) busy++
    else await turn(signal)
    const begun = halved
    try {
      const answer = await work()
      learn('ok', begun)
      return answer
    } catch (error) {
      learn(toAetherError(error).code, begun)
      throw error
    } finally {
      busy--
      admit()
    }
  }

  /** Calls that were under way together fail together, and count once. */
  function learn(outcome: 'ok' | ErrorCode, begun: number): void {
    if (outcome === 'cancelled') return
    if (outcome !== 'unavailable') {
      if (busy >= Math.floor(limit)) change(limit + 1 / limit) // else it was no limit, and nothing is known of a higher one
    } else if (begun === halved) {
      halved++
      change(limit / 2)
    }
  }

  function change(next: number): void {
    const before = Math.floor(limit)
    limit = Math.min(most, Math.max(least, next))
    if (Math.floor(limit) !== before) onLimit?.(Math.floor(limit))
  }

  function admit(): void {
    while (busy < Math.floor(limit) && line.length > 0) {
      busy++
      line.shift()!()
    }
  }

  async function turn(signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) throw cancelled(signal)
    if (line.length >= maxWaiting) throw noRoom(`${line.length} calls wait already`)
    const { promise, resolve: enter, reject } = Promise.withResolvers<void>()
    const leave = (error: AetherError) => {
      const place = line.indexOf(enter)
      if (place < 0) return // its turn has come: whatever is at the end of the line is not its place
      line.splice(place, 1)
      reject(error)
    }
    const giveUp = () => leave(noRoom(`there was no room for this call for ${maxWait / 1000} s`))
    const cancel = maxWait === Infinity ? () => {} : clock.after(maxWait, giveUp)
    const stop = () => leave(cancelled(signal!))
    line.push(enter)
    signal?.addEventListener('abort', stop, { once: true })
    try {
      await promise
    } finally {
      cancel()
      signal?.removeEventListener('abort', stop)
    }
  }

  onLimit?.(Math.floor(limit))
  return { run }
}

function noRoom(reason: string): AetherError {
  return new AetherError('unavailable', `The server cannot keep up: ${reason}`, { detail: { undone: 'true' } })
}
