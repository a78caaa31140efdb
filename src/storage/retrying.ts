// Repeats calls that failed and may succeed when they are made again. Reads, and writes without a condition, end the same
// however often they are carried out. A write with a condition is repeated only when surely nothing was done: its
// repetition would meet its own first try, and answer `conflict` for a write that was won. Who makes such writes looks
// whether they were carried out: src/hub/settle-write.ts.
//
// A try that was given up may still be carried out late, after others. So what is written without a condition is always
// the same for one key.
import { AetherError, isAbort } from '../core/errors.ts'
import { createRetryBudget, mayRetry, type RetryPolicy, retry } from '../core/retry.ts'
import { cancelled, readSpan, stopIfAborted } from './check-options.ts'
import { type Clock, systemClock } from './clock.ts'
import type { Storage, StoredObject } from './storage.ts'
import { isUndone, withoutUndone } from './undone.ts'
import { type Operation, type StorageCall, wrapStorage } from './wrap-storage.ts'

/** A failure after which the call is made again. */
export interface StorageRetry {
  operation: Operation
  key: string
  error: unknown
  /** The try that failed, from 1. */
  attempt: number
  /** Milliseconds until the next. */
  delay: number
}

export interface RetryingOptions {
  policy?: Omit<RetryPolicy, 'mayRetry' | 'onRetry'>
  /**
   * Milliseconds since the first try, after which no further one is begun. Longer than a connection may be silent (30 s), so
   * that a read that stalls is made once more. @default 32_000
   */
  patience?: number
  onRetry?: (retry: StorageRetry) => void
  clock?: Clock
}

export const STORE_RETRIES = { attempts: 8, firstDelay: 100, maxDelay: 5_000 } as const satisfies RetryPolicy

/** Tries of all calls together for each second of patience: a store that comes back is not to be buried. */
const TRIES_A_SECOND = 10

/** Repetitions that only patience ends, for somebody who waits for the outcome. 0 means one try. */
export function retriesFor(seconds: number): Pick<RetryingOptions, 'policy' | 'patience'> {
  const budget = createRetryBudget(Math.max(50, seconds * TRIES_A_SECOND))
  return { patience: seconds * 1000, policy: { ...STORE_RETRIES, attempts: Infinity, budget } }
}

export function retrying(storage: Storage, options: RetryingOptions = {}): Storage {
  const { patience = 32_000, onRetry, clock = systemClock } = options
  const policy: RetryPolicy = { budget: createRetryBudget(), ...(options.policy ?? STORE_RETRIES) }

  return wrapStorage(storage, async (call, perform) => {
    stopIfAborted(call.signal)
    const { operation, key, signal } = call
    const end = clock.now() + patience
    let unclear = false // whether some try may have been carried out

    function mayRepeat(error: unknown): boolean {
      unclear ||= !isUndone(error)
      if (!mayRetry(error) || (call.conditional && unclear)) return false
      return clock.now() + Number((error as AetherError).detail.retryAfterMs ?? 0) < end
    }

    try {
      return await retry(
        async () => complete(call, await perform(signal)),
        {
          ...policy,
          mayRetry: mayRepeat,
          onRetry: (error, attempt, delay) => onRetry?.({ operation, key, error, attempt, delay }),
        },
        signal,
      )
    } catch (error) {
      if (signal?.aborted && isAbort(error)) throw cancelled(signal)
      throw unclear ? withoutUndone(error) : error
    }
  })
}

/** @throws {AetherError} `unavailable` for a read that broke off, so that it is not taken for all that there is. */
function complete<T>(call: StorageCall, answer: T): T {
  if (call.operation !== 'get') return answer
  const { info, bytes } = answer as StoredObject
  const { length } = readSpan(call.key, info.size, call.range)
  if (bytes.length === length) return answer
  throw new AetherError(
    'unavailable',
    `Cannot read "${call.key}": it broke off after ${bytes.length} of ${length} bytes`,
  )
}
