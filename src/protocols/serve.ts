// The hub's server: every protocol on one port. This file only wires; what each part does stands in its own file.
import { isIPv6 } from 'node:net'
import type { Logger } from 'pino'
import { createByteBudget } from '../dataset/byte-budget.ts'
import type { ReadableTree } from '../dataset/tree/readable-tree.ts'
import { ANONYMOUS, type Caller, type Hub } from '../hub/hub.ts'
import { hubTrees } from '../hub/hub-tree.ts'
import { datasetServiceCalls } from './dataset-service.ts'
import { type Authenticate, createDispatcher } from './dispatch.ts'
import type { Exchange } from './exchange.ts'
import { createServices } from './grpc/services.ts'
import { checkHost, isLoopback } from './host-check.ts'
import { bulkRoutes } from './http/blocks.ts'
import { deltaRoutes } from './http/deltas.ts'
import { fsRoutes } from './http/fs/fs-routes.ts'
import { probeRoutes } from './http/probes.ts'
import { DEFAULT_LIMITS, type Limits } from './limits.ts'
import { createListener, type Tls } from './listener.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { createReadiness } from './readiness.ts'
import { docsRoutes } from './rest/docs-routes.ts'
import { openApiRoute } from './rest/openapi-route.ts'
import { restRoutes } from './rest/transcode.ts'
import { createRouteTable } from './route-table.ts'
import type { LookUpCredential } from './s3/s3-auth.ts'
import { s3Door } from './s3/s3-door.ts'
import { createV1Api } from './v1/v1-api.ts'
import { webdavDoor } from './webdav/webdav-door.ts'

export interface HubServerOptions {
  hub: Hub
  /** Without it the server speaks plain HTTP. */
  tls?: Tls
  /** Version of the program, for the home page. */
  version: string
  logger: Logger
  limits?: Partial<Limits>
  /** What the server counts goes in here, and /metrics tells all of it. @default new ones */
  metrics?: Metrics
  /** Says who sends a request, from its headers. @default everybody is anonymous */
  authenticate?: Authenticate
  /** What a caller may read through the doors for files. @default the hub's own, without a cache */
  trees?: (caller: Caller) => ReadableTree
  /** Access keys of the S3 door. @default there are none, and signatures are not looked at */
  lookUpCredential?: LookUpCredential
  /** Names without port under which a hub on a loopback address answers too; those of the machine itself always go. */
  allowedHosts?: readonly string[]
}

export interface HubServer {
  /** @throws {Error} as net.Server does, for example with the code EADDRINUSE. */
  listen(host: string, port: number): Promise<{ host: string; port: number; url: string }>
  /** Takes no new connections, lets requests finish, and ends what is left after `deadline` milliseconds. */
  drain(deadline: number): Promise<void>
  /** New connections get this certificate. @throws {TypeError} for a server without TLS. */
  reloadTls(tls: Tls): void
}

export function createHubServer({
  hub,
  tls,
  version,
  logger,
  metrics = createMetrics(),
  authenticate = () => ANONYMOUS,
  trees = hubTrees(hub),
  ...options
}: HubServerOptions): HubServer {
  const limits = { ...DEFAULT_LIMITS, ...options.limits }
  const allowedHosts = new Set(options.allowedHosts?.map((host) => host.toLowerCase()))
  const ending = new AbortController()
  const draining = () => ending.signal.aborted
  const readiness = createReadiness(hub, limits, draining)
  const v1 = createV1Api(hub, limits, ending.signal)
  const calls = [...datasetServiceCalls(hub), ...v1.calls]
  const budget = createByteBudget(limits.downloadBytes, limits.downloadWait)
  const routes = [
    ...restRoutes(calls),
    ...bulkRoutes(hub, budget),
    ...deltaRoutes(hub, budget),
    ...v1.routes,
    ...fsRoutes(trees),
    ...probeRoutes({ readiness, metrics, version }),
    openApiRoute,
    ...docsRoutes,
  ]
  const doors = [webdavDoor(trees), s3Door({ trees, lookUpCredential: options.lookUpCredential })]
  let onLoopback = true

  const dispatcher = createDispatcher({
    findRoute: createRouteTable(routes, doors),
    rpc: createServices({
      calls: [...calls, ...v1.rpcCalls],
      streams: v1.streams,
      readiness,
      limits,
      ending: ending.signal,
    }),
    authenticate,
    checkHost: (exchange: Exchange) => {
      if (onLoopback) checkHost(exchange, allowedHosts)
    },
    metrics,
    logger,
    limits,
    draining,
  })
  const listener = createListener({ tls, limits, logger, onRequest: dispatcher.dispatch, isBusy: dispatcher.isBusy })

  return {
    async listen(host, port) {
      const bound = await listener.listen(host, port)
      onLoopback = isLoopback(bound.address)
      const name = isIPv6(bound.address) ? `[${bound.address}]` : bound.address
      return { host: bound.address, port: bound.port, url: `${tls ? 'https' : 'http'}://${name}:${bound.port}` }
    },
    drain(deadline) {
      ending.abort()
      return listener.drain(deadline)
    },
    reloadTls: listener.reloadTls,
  }
}
