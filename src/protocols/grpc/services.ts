// All services of the hub's port, as the RPC protocols offer them.
import type { ConnectRouter } from '@connectrpc/connect'
import { Health } from '../../gen/grpc/health/v1/health_pb.ts'
import { ServerReflection } from '../../gen/grpc/reflection/v1/reflection_pb.ts'
import { ServerReflection as AlphaReflection } from '../../gen/grpc/reflection/v1alpha/reflection_pb.ts'
import type { RpcDoor } from '../dispatch.ts'
import type { Limits } from '../limits.ts'
import type { Readiness } from '../readiness.ts'
import type { BoundCall } from '../unary-calls.ts'
import { callError } from './call-error.ts'
import { exchangeOf } from './exchange-key.ts'
import { createHealth } from './health.ts'
import { createReflection } from './reflection.ts'
import { createRpcDoor } from './rpc-door.ts'

export interface RpcOptions {
  calls: readonly BoundCall[]
  readiness: Readiness
  limits: Limits
  /** Aborts when the server is about to end. */
  ending: AbortSignal
}

export function createServices({ calls, readiness, limits, ending }: RpcOptions): RpcDoor {
  const own = [...new Set(calls.map(({ method }) => method.parent))]
  const services = own.map((service) => service.typeName)
  const reflection = createReflection([...own, Health, ServerReflection, AlphaReflection])
  const routes = (router: ConnectRouter) => {
    for (const call of calls) offer(router, call)
    router.service(Health, createHealth({ services, readiness, limits, ending }))
    router.service(ServerReflection, reflection.v1)
    router.service(AlphaReflection, reflection.alpha)
  }
  return createRpcDoor(routes, new Set([Health.typeName]), limits)
}

function offer(router: ConnectRouter, { method, run }: BoundCall): void {
  router.rpc(method, async (request, context) => {
    const exchange = exchangeOf(context)
    const { signal } = context
    try {
      return await run(request, { caller: exchange.caller, signal })
    } catch (error) {
      throw callError(error, exchange, signal)
    }
  })
}
