// A link with latency and a rate in front of a server, for machines that cannot have one made by the kernel (netem). All
// connections share the link, in each direction. Not modelled: loss, slow start and competition.
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { createLink, type Link } from './link.ts'

export interface LagProxyOptions {
  /** Where the server listens. */
  target: { host?: string; port: number }
  /** A round trip: half of it is waited in each direction, and a new connection costs one more, as a handshake does. */
  latencyMs: number
  /** In each direction. 100 Mbit/s are 12_500_000. */
  bytesPerSecond: number
}

export interface LagProxy extends AsyncDisposable {
  /** Host and port to connect to. */
  host: string
  port: number
  /** Bytes that have arrived so far. */
  sentUp(): number
  sentDown(): number
}

export async function startLagProxy(options: LagProxyOptions): Promise<LagProxy> {
  const { target, latencyMs, bytesPerSecond } = options
  const [up, down] = [createLink(latencyMs / 2, bytesPerSecond), createLink(latencyMs / 2, bytesPerSecond)]
  const sockets = new Set<Socket>()

  function keep(socket: Socket): void {
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.once('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
  }

  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
    keep(client)
    const upstream = connect({ host: target.host ?? '127.0.0.1', port: target.port, allowHalfOpen: true })
    keep(upstream)
    setTimeout(() => {
      void carry(client, upstream, up)
      void carry(upstream, client, down)
    }, latencyMs)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }

  return {
    host: `127.0.0.1:${port}`,
    port,
    sentUp: () => up.carried(),
    sentDown: () => down.carried(),
    async [Symbol.asyncDispose]() {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}

async function carry(from: Socket, to: Socket, link: Link): Promise<void> {
  const lane = link.openLane((bytes) => write(to, bytes))
  try {
    // The other direction may go on when this one has ended.
    for await (const bytes of from.iterator({ destroyOnReturn: false })) await lane.send(bytes)
    await lane.drained()
    to.end()
  } catch {
    // A connection that broke off breaks off on the other side as well.
    from.destroy()
    to.destroy()
  }
}

async function write(to: Socket, bytes: Buffer): Promise<void> {
  if (to.destroyed) throw new Error('The connection is gone')
  if (!to.write(bytes)) await Promise.race([once(to, 'drain'), once(to, 'close')])
}
