// The NFS door: MOUNT and NFS on one port, for everybody who may connect. This file only wires.
import { type AddressInfo, type BlockList, createServer, isIPv6, type Socket } from 'node:net'
import type { Logger } from 'pino'
import { createByteBudget } from '../../dataset/byte-budget.ts'
import type { ReadableTree } from '../../dataset/tree/readable-tree.ts'
import type { NfsMetrics } from '../nfs-metrics.ts'
import { isAllowed } from './client-addresses.ts'
import { type Connection, serveConnection } from './connection.ts'
import { createExport } from './export.ts'
import { DEFAULT_NFS_LIMITS, type NfsLimits } from './limits.ts'
import { logCall } from './log-call.ts'
import { mountProgram } from './mount-program.ts'
import { nfsProgram } from './nfs-program.ts'
import { createNodes } from './nodes.ts'
import { createCallOpener } from './open-call.ts'

export interface NfsServerOptions {
  /** What every client sees. */
  tree: ReadableTree
  /** Signs handles: the same for all hubs of a store that have the same export. */
  handleKey: Uint8Array
  /** Makes this the only path that can be mounted. */
  secretPath?: string | undefined
  /** Addresses that may connect. @default all */
  allowed?: BlockList | undefined
  logger: Logger
  metrics: NfsMetrics
  limits?: Partial<NfsLimits>
}

export interface NfsServer {
  /** @throws {Error} as net.Server does, for example with the code EADDRINUSE. */
  listen(host: string, port: number): Promise<{ port: number; url: string }>
  /** Takes no more connections and calls, answers what is there, and ends what is left after `deadline` milliseconds. */
  drain(deadline: number): Promise<void>
}

export function createNfsServer(options: NfsServerOptions): NfsServer {
  const { tree, handleKey, secretPath, allowed, metrics } = options
  const limits = { ...DEFAULT_NFS_LIMITS, ...options.limits }
  const logger = options.logger.child({ door: 'nfs' })
  const nodes = createNodes(tree, handleKey)
  const exported = createExport(secretPath)
  const nfs = nfsProgram(nodes)
  const budget = createByteBudget(limits.bytes, limits.wait)
  const open = new Map<Socket, Connection>()
  const server = createServer({ allowHalfOpen: true, keepAlive: true, noDelay: true }, onConnection)
  server.maxConnections = limits.connections

  function onConnection(socket: Socket): void {
    const client = socket.remoteAddress ?? ''
    const log = logger.child({ client })
    if (allowed && !isAllowed(allowed, client)) {
      log.info('client address is not allowed: connection closed')
      socket.destroy()
      return
    }
    const mount = mountProgram({ nodes, exported, onMount: (path) => log.info({ path }, 'mounted') })
    const openCall = createCallOpener([nfs, mount], (call) => {
      metrics.onCall(call)
      logCall(log, call)
    })
    track(socket, serveConnection(socket, { open: openCall, budget, limits }), log)
  }

  function track(socket: Socket, connection: Connection, log: Logger): void {
    open.set(socket, connection)
    metrics.onConnections(open.size)
    log.debug('connected')
    connection.ended.then((error) => {
      open.delete(socket)
      metrics.onConnections(open.size)
      if (error) log.info({ reason: error.message, err: error }, 'connection closed')
      else log.debug('disconnected')
    })
  }

  return {
    async listen(host, port) {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      server.once('error', reject)
      server.listen(port, host, resolve)
      await promise
      server.off('error', reject)
      const bound = server.address() as AddressInfo
      const name = isIPv6(bound.address) ? `[${bound.address}]` : bound.address
      return { port: bound.port, url: `nfs://${name}:${bound.port}` }
    },
    async drain(deadline) {
      const { promise, resolve } = Promise.withResolvers<void>()
      server.close(() => resolve())
      const timer = setTimeout(() => {
        for (const socket of open.keys()) socket.destroy()
      }, deadline)
      for (const connection of open.values()) void connection.finish()
      await promise // until all sockets are closed
      clearTimeout(timer)
    },
  }
}
