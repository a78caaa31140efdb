// Sends a store so many calls at once as it can take.
import { type AdaptiveLimitOptions, createAdaptiveLimit } from './adaptive-limit.ts'
import { stopIfAborted } from './check-options.ts'
import type { Storage } from './storage.ts'
import { wrapStorage } from './wrap-storage.ts'

export function limited(storage: Storage, options?: AdaptiveLimitOptions): Storage {
  const room = createAdaptiveLimit(options)
  return wrapStorage(storage, async ({ signal }, perform) => {
    stopIfAborted(signal)
    return room.run(() => perform(signal), signal)
  })
}
