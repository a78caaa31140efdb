// The services of version 1, for the protocols that offer them.
import type { Hub } from '../../hub/hub.ts'
import type { Limits } from '../limits.ts'
import type { Route } from '../route-table.ts'
import type { BoundStream } from '../stream-calls.ts'
import type { BoundCall } from '../unary-calls.ts'
import { agentCalls, agentStreams } from './agent-api.ts'
import { blockCalls, blockStreams } from './block-api.ts'
import { blockRoutes } from './block-routes.ts'
import { datasetCalls, datasetStreams } from './dataset-api.ts'

export interface V1Api {
  /** For RPC and REST. */
  calls: BoundCall[]
  /** For RPC alone. */
  rpcCalls: BoundCall[]
  streams: BoundStream[]
  /** What REST has in place of those. */
  routes: Route[]
}

/** @param ending aborts when the server is about to end */
export function createV1Api(hub: Hub, limits: Limits, ending: AbortSignal): V1Api {
  return {
    calls: [...datasetCalls(hub, limits), ...agentCalls()],
    rpcCalls: blockCalls(hub),
    streams: [...blockStreams(hub), ...datasetStreams(hub, limits, ending), ...agentStreams()],
    routes: blockRoutes(hub),
  }
}
