// What a server counts, in the text format of Prometheus. Labels are templates and not paths, so that there are few.
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { createDeltaMetrics, type DeltaMetrics } from './delta-metrics.ts'
import { type Exchange, isAnswered } from './exchange.ts'
import { createNfsMetrics, type NfsMetrics } from './nfs-metrics.ts'
import { createReadMetrics, type ReadMetrics } from './read-metrics.ts'
import { createStoreMetrics, type StoreMetrics } from './store-metrics.ts'

export interface Metrics {
  begin(): void
  end(exchange: Exchange, ms: number): void
  store: StoreMetrics
  deltas: DeltaMetrics
  nfs: NfsMetrics
  reads: ReadMetrics
  /** All metrics as text, and the content type of that. */
  text(): Promise<{ text: string; type: string }>
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND'])
/** Seconds: from a cached answer to a block over a slow link. */
const BUCKETS = [0.002, 0.01, 0.05, 0.2, 1, 5, 30, 120]

export function createMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const labelNames = ['route', 'method', 'status'] as const
  const requests = new Counter({
    name: 'aetherfs_http_requests_total',
    help: 'Requests answered',
    labelNames,
    registers,
  })
  const duration = new Histogram({
    name: 'aetherfs_http_request_duration_seconds',
    help: 'Time to answer',
    labelNames,
    buckets: BUCKETS,
    registers,
  })
  const bytes = new Counter({
    name: 'aetherfs_http_body_bytes_total',
    help: 'Bytes of bodies',
    labelNames: ['direction'] as const,
    registers,
  })
  const inFlight = new Gauge({ name: 'aetherfs_http_requests_in_flight', help: 'Requests being answered', registers })

  function end({ route, method, res, bytesIn, bytesOut }: Exchange, ms: number): void {
    const labels = {
      route,
      method: METHODS.has(method) ? method : 'other',
      status: isAnswered(res) ? res.statusCode : 499,
    }
    inFlight.dec()
    requests.inc(labels)
    duration.observe(labels, ms / 1000)
    bytes.inc({ direction: 'in' }, bytesIn)
    bytes.inc({ direction: 'out' }, bytesOut)
  }

  return {
    begin: () => inFlight.inc(),
    end,
    store: createStoreMetrics(registry),
    deltas: createDeltaMetrics(registry),
    nfs: createNfsMetrics(registry),
    reads: createReadMetrics(registry),
    text: async () => ({ text: await registry.metrics(), type: registry.contentType }),
  }
}
