// Whether the hub can work, as gRPC asks: grpc.health.v1, https://github.com/grpc/grpc/blob/master/doc/health-checking.md
import { setTimeout as delay } from 'node:timers/promises'
import { Code, ConnectError, type ServiceImpl } from '@connectrpc/connect'
import { type Health, HealthCheckResponse_ServingStatus as Status } from '../../gen/grpc/health/v1/health_pb.ts'
import type { Limits } from '../limits.ts'
import type { Readiness } from '../readiness.ts'

export interface HealthOptions {
  /** Names that may be asked for; the empty one stands for the whole hub. */
  services: readonly string[]
  readiness: Readiness
  limits: Limits
  /** Aborts when the server is about to end, so that watching does not hold it up. */
  ending: AbortSignal
}

export function createHealth({ services, readiness, limits, ending }: HealthOptions): ServiceImpl<typeof Health> {
  const known = new Set(['', ...services])

  async function statusOf(service: string): Promise<Status> {
    if (!known.has(service)) return Status.SERVICE_UNKNOWN
    return readiness.check().then(
      () => Status.SERVING,
      () => Status.NOT_SERVING,
    )
  }

  return {
    async check({ service }) {
      if (!known.has(service)) throw new ConnectError(`There is no service "${service}"`, Code.NotFound)
      return { status: await statusOf(service) }
    },

    async list() {
      const status = await statusOf('')
      return { statuses: Object.fromEntries([...known].map((service) => [service, { status }])) }
    },

    async *watch({ service }, { signal }) {
      const over = AbortSignal.any([signal, ending])
      let last: Status | undefined
      while (!signal.aborted) {
        const status = await statusOf(service)
        if (status !== last) yield { status }
        last = status
        if (ending.aborted) return // after saying so
        await delay(limits.readyInterval, undefined, { signal: over }).catch(() => {})
      }
    },
  }
}
