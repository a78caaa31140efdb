// Puts what a hub's store needs around it, and lets log and metrics hear of what happens there.
import type { Logger } from 'pino'
import { toAetherError } from '../../core/errors.ts'
import type { StoreMetrics } from '../../protocols/store-metrics.ts'
import { hardened } from '../../storage/hardened.ts'
import type { StorageRetry } from '../../storage/retrying.ts'
import type { Storage } from '../../storage/storage.ts'

/** @param location as the operator named the store */
export function hardenStore(storage: Storage, location: string, metrics: StoreMetrics, logger: Logger): Storage {
  return hardened(storage, {
    ...metrics,
    remote: isRemote(location),
    onRetry(retry) {
      metrics.onRetry(retry)
      logger.warn(factsOf(retry), 'store call tried again')
    },
  })
}

export function isRemote(location: string): boolean {
  return /^s3:/i.test(location)
}

function factsOf({ operation, key, attempt, delay, error }: StorageRetry) {
  return { operation, key, attempt, delay: Math.round(delay), reason: toAetherError(error).message }
}
