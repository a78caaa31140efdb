// Trying again: how long to wait, how often, and when to leave it. Source of the delays ("full jitter") and of the budget:
// M. Brooker, "Exponential Backoff And Jitter", and the retry throttling of gRPC (gRFC A6).
import { AetherError } from './errors.ts'

export interface RetryPolicy {
  /** Tries in all, the first one included. @default 6 */
  attempts?: number
  /** Longest wait before the second try, in milliseconds; it doubles from try to try. @default 100 */
  firstDelay?: number
  /** Longest wait that we choose ourselves, in milliseconds. @default 10_000 */
  maxDelay?: number
  /** Shared by all calls to one peer, so that they do not bury a peer that is down under repetitions. */
  budget?: RetryBudget
  /** Whether an error may be tried again. @default mayRetry */
  mayRetry?: (error: unknown) => boolean
  /** Hears of each failure that is tried again. */
  onRetry?: (error: unknown, attempt: number, delay: number) => void
  /** From 0 to below 1. @default Math.random */
  random?: () => number
  /** Waits that many milliseconds. @default timers */
  wait?: (delay: number, signal?: AbortSignal) => Promise<unknown>
}

/** A peer says in `detail.retryAfterMs` of an `unavailable` error when it wants to be asked again; longer than this is not waited. */
export const MAX_RETRY_AFTER = 30_000

/** @param attempt the try that is about to be made, from 1. @throws what the last try threw */
export async function retry<T>(
  work: (attempt: number) => Promise<T>,
  policy: RetryPolicy = {},
  signal?: AbortSignal,
): Promise<T> {
  const { attempts = 6, budget, wait = waitFor } = policy
  for (let attempt = 1; ; attempt++) {
    try {
      const result = await work(attempt)
      budget?.succeeded()
      return result
    } catch (error) {
      const again = attempt < attempts && (policy.mayRetry ?? mayRetry)(error) && (budget?.mayRetry() ?? true)
      const delay = again ? delayOf(error, attempt, policy) : undefined
      if (delay === undefined || signal?.aborted) throw error
      policy.onRetry?.(error, attempt, delay)
      await wait(delay, signal)
    }
  }
}

export function mayRetry(error: unknown): boolean {
  return error instanceof AetherError && error.code === 'unavailable'
}

/** Undefined when the peer asks for more patience than we have. */
function delayOf(error: unknown, attempt: number, policy: RetryPolicy): number | undefined {
  const { firstDelay = 100, maxDelay = 10_000, random = Math.random } = policy
  const wanted = error instanceof AetherError ? Number(error.detail.retryAfterMs ?? 0) : 0
  if (wanted > MAX_RETRY_AFTER) return undefined
  const own = random() * Math.min(maxDelay, firstDelay * 2 ** (attempt - 1))
  return Math.max(own, wanted + own / 10) // not all at the same moment
}

function waitFor(delay: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    const stop = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, delay)
    signal?.addEventListener('abort', stop, { once: true })
  })
}

/** Retries while fewer than about half of the recent tries failed for good. */
export interface RetryBudget {
  mayRetry(): boolean
  succeeded(): void
}

/** @param tokens retries that are there at first, and at most. Each success gives back a half. @default 50 */
export function createRetryBudget(tokens = 50): RetryBudget {
  let left = tokens
  return {
    mayRetry() {
      if (left < 1) return false
      left--
      return true
    },
    succeeded() {
      left = Math.min(tokens, left + 0.5)
    },
  }
}
