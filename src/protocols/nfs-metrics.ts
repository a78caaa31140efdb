// What a hub counts of its NFS door.
import { Counter, Gauge, type Registry } from 'prom-client'

export interface NfsMetrics {
  /** @param call `procedure` is one of few; `outcome` is "ok" or the code of an error */
  onCall(call: { procedure: string; outcome: string; bytes: number }): void
  onConnections(count: number): void
}

export function createNfsMetrics(registry: Registry): NfsMetrics {
  const registers = [registry]
  const labelNames = ['procedure', 'outcome'] as const
  const calls = new Counter({ name: 'aetherfs_nfs_calls_total', help: 'Calls over NFS', labelNames, registers })
  const bytes = new Counter({ name: 'aetherfs_nfs_reply_bytes_total', help: 'Bytes of their replies', registers })
  const connections = new Gauge({ name: 'aetherfs_nfs_connections', help: 'Connections of NFS clients', registers })

  return {
    onCall({ procedure, outcome, bytes: count }) {
      calls.inc({ procedure, outcome })
      bytes.inc(count)
    },
    onConnections: (count) => connections.set(count),
  }
}
