// A bound on bytes a second that all connections of a client share.
import { setTimeout as sleep } from 'node:timers/promises'

export interface RateLimit {
  readonly bytesPerSecond: number
  /** What to ask for at once: about a fiftieth of a second, so that connections which ask in turn share alike. */
  readonly piece: number
  /** Resolves when so many more bytes may pass, in the order of asking. */
  take(bytes: number, signal?: AbortSignal): Promise<void>
}

export interface RateLimitDeps {
  /** Milliseconds. @default performance.now */
  now?: () => number
  wait?: (ms: number, signal?: AbortSignal) => Promise<unknown>
}

/** Bytes a second: hubs give up on an upload that is slower than half of this. */
export const SLOWEST_RATE = 32 * 1024

/** What was not used counts for this long, in milliseconds: timers are late, and the rate is to be kept all the same. */
const CREDIT = 100
/** Waits shorter than this are put off until they are worth a timer, in milliseconds. */
const WORTH_WAITING = 2

export function createRateLimit(bytesPerSecond: number, deps: RateLimitDeps = {}): RateLimit {
  const { now = () => performance.now(), wait = (ms, signal) => sleep(ms, undefined, { signal }) } = deps
  /** When all bytes that were granted have passed. */
  let free = now()

  async function take(bytes: number, signal?: AbortSignal): Promise<void> {
    const start = Math.max(free, now() - CREDIT)
    free = start + (bytes / bytesPerSecond) * 1000
    const delay = start - now()
    if (delay >= WORTH_WAITING) await wait(delay, signal)
  }

  return { bytesPerSecond, piece: pieceOf(bytesPerSecond), take }
}

function pieceOf(bytesPerSecond: number): number {
  return Math.round(Math.min(256 * 1024, Math.max(4 * 1024, bytesPerSecond / 50)))
}
