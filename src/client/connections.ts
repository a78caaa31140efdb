// One connection for each hub that references name, and one for the default, which may be several hubs of one store.
import { DEFAULT_HOST } from '../core/reference.ts'
import type { Connection } from './connection.ts'

export interface Connections {
  /** The connection to a host; undefined stands for the default host. The same host gives the same connection. */
  to(host: string | undefined): Connection
  close(): void
}

export function createConnections(defaultHost: string | undefined, open: (host: string) => Connection): Connections {
  const connections = new Map<string, Connection>()

  function to(host: string = defaultHost ?? DEFAULT_HOST): Connection {
    const connection = connections.get(host) ?? open(host)
    connections.set(host, connection)
    return connection
  }

  function close(): void {
    for (const connection of connections.values()) connection.close()
  }

  return { to, close }
}
