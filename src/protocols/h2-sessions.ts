// HTTP/2 connections: those without a request are closed after a while, and all of them when the server goes.
import type { ServerHttp2Session } from 'node:http2'
import type { Limits } from './limits.ts'

export interface SessionKeeper {
  add(session: ServerHttp2Session): void
  /** Asks every client to go elsewhere with new requests; sessions end with their last one. */
  sayGoodbye(): void
}

export function createSessionKeeper(limits: Limits): SessionKeeper {
  const sessions = new Set<ServerHttp2Session>()

  function add(session: ServerHttp2Session): void {
    sessions.add(session)
    session.once('close', () => sessions.delete(session))
    session.setLocalWindowSize(limits.sessionWindow)
    closeWhenIdle(session, limits.idleTimeout)
  }

  return { add, sayGoodbye: () => sessions.forEach(endSession) }
}

/** Pings do not keep a session open, requests do. */
function closeWhenIdle(session: ServerHttp2Session, timeout: number): void {
  let streams = 0
  let timer = setTimeout(endSession, timeout, session)
  session.on('stream', (stream) => {
    streams++
    clearTimeout(timer)
    stream.once('close', () => {
      if (--streams === 0 && !session.closed) timer = setTimeout(endSession, timeout, session)
    })
  })
  session.once('close', () => clearTimeout(timer))
}

/** Sends GOAWAY; the session ends with its last request. */
function endSession(session: ServerHttp2Session): void {
  if (!session.closed) session.close()
}
