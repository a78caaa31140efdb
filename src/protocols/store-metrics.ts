// What a hub counts of its store. Every try of a call counts as one request, since each costs time and money.
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { ObservedCall } from '../storage/observed.ts'
import type { StorageRetry } from '../storage/retrying.ts'

/** Seconds: from a file of this machine to the time after which calls are given up. */
const BUCKETS = [0.002, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100]

/** What the wrappers of a storage call. */
export interface StoreMetrics {
  onCall(call: ObservedCall): void
  onRetry(retry: StorageRetry): void
  onLimit(limit: number): void
}

export function createStoreMetrics(registry: Registry): StoreMetrics {
  const registers = [registry]
  const requests = new Counter({
    name: 'aetherfs_store_requests_total',
    help: 'Requests to the store, repetitions included',
    labelNames: ['operation', 'outcome'] as const,
    registers,
  })
  const duration = new Histogram({
    name: 'aetherfs_store_request_seconds',
    help: 'Time of a request to the store',
    labelNames: ['operation'] as const,
    buckets: BUCKETS,
    registers,
  })
  const bytes = new Counter({
    name: 'aetherfs_store_bytes_total',
    help: 'Bytes of objects, from and to the store',
    labelNames: ['direction'] as const,
    registers,
  })
  const retries = new Counter({
    name: 'aetherfs_store_retries_total',
    help: 'Requests that failed and were made again',
    labelNames: ['operation'] as const,
    registers,
  })

  return {
    onCall({ operation, outcome, duration: ms, read, written }) {
      requests.inc({ operation, outcome })
      duration.observe({ operation }, ms / 1000)
      bytes.inc({ direction: 'read' }, read)
      bytes.inc({ direction: 'written' }, written)
    },
    onRetry: ({ operation }) => retries.inc({ operation }),
    onLimit: createLimitGauge(registers),
  }
}

/** There is a limit only for stores behind a network, so the gauge comes with the first word of it. */
function createLimitGauge(registers: Registry[]): (limit: number) => void {
  let gauge: Gauge | undefined
  return (limit) => {
    gauge ??= new Gauge({
      name: 'aetherfs_store_concurrency_limit',
      help: 'Requests that the store is sent at once at most, as it can take them at the moment',
      registers,
    })
    gauge.set(limit)
  }
}
