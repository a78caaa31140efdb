// A door in front of a hub that counts the bytes which pass it, whoever sends them and whatever becomes of them.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface CountingProxy extends AsyncDisposable {
  /** Host and port, as references have it. */
  host: string
  /** Bytes to the hub, and from it, so far. */
  sent(): number
  received(): number
  /** Called whenever bytes pass. */
  onBytes: () => void
}

/** @param hub host and port */
export async function startCountingProxy(hub: string): Promise<CountingProxy> {
  const [host, port] = hub.split(':') as [string, string]
  const sockets = new Set<Socket>()
  let sent = 0
  let received = 0
  const server = createServer((client) => {
    const upstream = connect({ host, port: Number(port) })
    const count = (bytes: number, isSent: boolean) => {
      if (isSent) sent += bytes
      else received += bytes
      proxy.onBytes()
    }
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from)
      from.on('data', (bytes: Buffer) => count(bytes.length, from === client))
      from.on('error', () => to.destroy()).on('close', () => to.destroy() && sockets.delete(from))
      from.pipe(to)
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  const proxy: CountingProxy = {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    sent: () => sent,
    received: () => received,
    onBytes() {},
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
  return proxy
}
