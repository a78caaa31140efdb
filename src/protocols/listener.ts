// One port for HTTP/1.1 and HTTP/2. Without TLS the first bytes tell them apart, with TLS the handshake (ALPN) does.
import { createServer as createHttp1Server, type Server as Http1Server, type ServerOptions } from 'node:http'
import {
  createServer as createHttp2Server,
  createSecureServer,
  type ServerOptions as Http2Options,
  type Http2SecureServer,
  type Http2Server,
} from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import type { Logger } from 'pino'
import { rejectRequest } from './bad-request.ts'
import type { Request, Response } from './exchange.ts'
import { createSessionKeeper, type SessionKeeper } from './h2-sessions.ts'
import type { Limits } from './limits.ts'
import { sniffProtocol } from './sniff-protocol.ts'

export interface Tls {
  /** PEM, with the chain behind the certificate. */
  cert: string | Buffer
  /** PEM. */
  key: string | Buffer
}

export interface ListenerOptions {
  tls?: Tls
  limits: Limits
  logger: Logger
  /** `awaitsContinue` when the client sends its body only after "100 Continue". */
  onRequest(req: Request, res: Response, awaitsContinue: boolean): void
  /** True while a request of this connection is being answered. */
  isBusy(socket: Socket): boolean
}

export interface Listener {
  listen(host: string, port: number): Promise<AddressInfo>
  /** Takes no more connections, lets what is under way finish, and ends the rest at the deadline. Resolves when all are closed. */
  drain(deadline: number): Promise<void>
  reloadTls(tls: Tls): void
}

export function createListener(options: ListenerOptions): Listener {
  const sessions = createSessionKeeper(options.limits)
  const undecided = new Set<Socket>()
  const server = options.tls
    ? createTlsServer(options, options.tls, sessions)
    : createPlainServer(options, sessions, undecided)
  const sockets = trackSockets(server, options.limits)
  let drained: Promise<void> | undefined

  async function listen(host: string, port: number): Promise<AddressInfo> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    server.once('error', reject)
    server.listen(port, host, resolve)
    await promise
    server.off('error', reject)
    return server.address() as AddressInfo
  }

  async function close(deadline: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    server.close(() => resolve())
    sessions.sayGoodbye()
    for (const socket of undecided) socket.destroy()
    const timer = setTimeout(() => {
      for (const socket of sockets) socket.destroy()
    }, deadline)
    await promise
    clearTimeout(timer)
  }

  return {
    listen,
    drain: (deadline) => (drained ??= close(deadline)),
    reloadTls(tls) {
      if (!('setSecureContext' in server)) throw new TypeError('This server was started without TLS')
      server.setSecureContext(tls)
    },
  }
}

/** An HTTP/1.1 server does the listening, because its time-outs begin to run only when it does; HTTP/2 is handed on. */
function createPlainServer(
  { limits, logger, onRequest, isBusy }: ListenerOptions,
  sessions: SessionKeeper,
  undecided: Set<Socket>,
): Http1Server {
  const h1 = createHttp1Server(http1Options(limits))
  const h2 = createHttp2Server(http2Options(limits))
  const serveHttp1 = h1.listeners('connection')[0] as (socket: Socket) => void
  h1.removeAllListeners('connection')
  h1.on('connection', (socket: Socket) => {
    undecided.add(socket)
    socket.once('close', () => undecided.delete(socket))
    sniffProtocol(socket, limits.prefaceTimeout, (protocol) => {
      undecided.delete(socket)
      if (protocol === 'h1') return serveHttp1.call(h1, socket)
      socket.allowHalfOpen = false // HTTP/2 would never close its side after the client has
      h2.emit('connection', socket)
    })
  })
  for (const server of [h1, h2]) answerRequests(server, onRequest)
  h1.on('clientError', (error, socket) => rejectRequest(error, socket as Socket, isBusy(socket as Socket), logger))
  keepSessions(h2, sessions)
  return h1
}

function createTlsServer(
  { limits, logger, onRequest, isBusy }: ListenerOptions,
  tls: Tls,
  sessions: SessionKeeper,
): Http2SecureServer {
  const options = {
    ...tls,
    ...http2Options(limits),
    allowHTTP1: true,
    http1Options: http1Options(limits),
    handshakeTimeout: limits.handshakeTimeout,
  }
  const server = createSecureServer(options)
  answerRequests(server, onRequest)
  server.on('clientError', (error: Error, socket: Socket) => rejectRequest(error, socket, isBusy(socket), logger))
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  keepSessions(server, sessions)
  return server
}

function answerRequests(
  server: Http1Server | Http2Server | Http2SecureServer,
  onRequest: ListenerOptions['onRequest'],
): void {
  server.on('request', (req: Request, res: Response) => onRequest(req, res, false))
  server.on('checkContinue', (req: Request, res: Response) => onRequest(req, res, true))
}

function keepSessions(server: Http2Server | Http2SecureServer, sessions: SessionKeeper): void {
  server.on('session', (session) => sessions.add(session))
  server.on('sessionError', () => {}) // the session ends by itself, and its requests see that
}

function trackSockets(server: Http1Server | Http2SecureServer, limits: Limits): Set<Socket> {
  const sockets = new Set<Socket>()
  server.maxConnections = limits.connections
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.on('error', () => {}) // whoever reads from it hears of it as well
  })
  return sockets
}

function http1Options(limits: Limits): ServerOptions {
  return {
    headersTimeout: limits.headersTimeout,
    requestTimeout: 0, // bodies are bounded by progress, not by time
    keepAliveTimeout: limits.idleTimeout,
    connectionsCheckingInterval: Math.ceil(Math.min(limits.headersTimeout / 4, 5_000)),
    maxHeaderSize: limits.headerBytes,
    keepAlive: true, // TCP's own, to notice machines that are gone
    keepAliveInitialDelay: 30_000,
  }
}

function http2Options(limits: Limits): Http2Options {
  return {
    settings: {
      initialWindowSize: limits.streamWindow,
      maxFrameSize: 1024 * 1024,
      maxConcurrentStreams: limits.streams,
      maxHeaderListSize: limits.headerBytes,
    },
    maxSessionMemory: 64, // megabytes; the default of 10 is less than a client may send ahead
  }
}
