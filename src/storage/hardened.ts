// All that stands between a hub and a store that fails now and then. The order matters, from the outside in: readers of the
// same bytes share one call; a call is repeated when it fails, and a slow read made twice; each try waits until the store can
// take it; what is counted is what the store is asked for; and each of that ends in time.
import { AetherError } from '../core/errors.ts'
import type { AdaptiveLimitOptions } from './adaptive-limit.ts'
import type { Clock } from './clock.ts'
import { hedged } from './hedged.ts'
import { isBlockKey } from './keys.ts'
import { limited } from './limited.ts'
import { type ObservedCall, observed } from './observed.ts'
import { type RetryingOptions, retrying, type StorageRetry } from './retrying.ts'
import { sharedReads } from './shared-reads.ts'
import type { Storage } from './storage.ts'
import { type TimedOptions, timed } from './timed.ts'
import { wrapStorage } from './wrap-storage.ts'

export interface HardenedOptions {
  /** Behind a network, where calls hang, answers get lost and servers are overloaded. */
  remote: boolean
  /** Hears of every call that reaches the store. */
  onCall?: (call: ObservedCall) => void
  onRetry?: (retry: StorageRetry) => void
  /** Hears how many calls the store is sent at once. */
  onLimit?: (limit: number) => void
  timed?: TimedOptions
  limit?: AdaptiveLimitOptions
  retries?: Pick<RetryingOptions, 'policy' | 'patience'>
  clock?: Clock
}

/** What fails on a disk of this machine mostly fails for good: it is repeated at once, and not often. */
const LOCAL_RETRIES = { attempts: 3, firstDelay: 50, maxDelay: 100 } as const

export function hardened(storage: Storage, options: HardenedOptions): Storage {
  return withoutDenials(withWrappers(storage, options))
}

function withWrappers(storage: Storage, options: HardenedOptions): Storage {
  const { remote, onCall = () => {}, onRetry, onLimit, retries, clock } = options
  if (!remote) return retrying(observed(storage, onCall, clock), { policy: LOCAL_RETRIES, ...retries, onRetry, clock })
  const calls = observed(timed(storage, { ...options.timed, clock }), onCall, clock)
  const tries = hedged(limited(calls, { ...options.limit, onLimit, clock }), { clock })
  return sharedReads(retrying(tries, { ...retries, onRetry, clock }), isBlockKey)
}

/** The store denies it to the hub. A hub's client would take "denied" to be about its own rights. */
function withoutDenials(storage: Storage): Storage {
  return wrapStorage(storage, async (call, perform) => {
    try {
      return await perform(call.signal)
    } catch (error) {
      if (!(error instanceof AetherError && error.code === 'denied')) throw error
      const { message, hint, detail } = error
      throw new AetherError('unavailable', message, { hint, detail: { ...detail, undone: 'true' }, cause: error })
    }
  })
}
