// Tells HTTP/2 from HTTP/1.1 by the first bytes of a connection. Node has no such server for connections without TLS.
// The bytes that every HTTP/2 client sends first: RFC 9113, section 3.4.
import type { Socket } from 'node:net'

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')

export type HttpProtocol = 'h1' | 'h2'

/** Calls back once, with the bytes still to be read. A client that keeps us waiting is cut off. */
export function sniffProtocol(socket: Socket, timeout: number, decided: (protocol: HttpProtocol) => void): void {
  let seen = Buffer.alloc(0)
  const giveUp = () => socket.destroy()
  const timer = setTimeout(giveUp, timeout)
  const stop = () => {
    clearTimeout(timer)
    socket.off('readable', look).off('end', giveUp).off('error', giveUp).off('close', stop)
  }
  const look = () => {
    const part: Buffer | null = socket.read()
    if (part === null) return
    seen = Buffer.concat([seen, part])
    const protocol = protocolOf(seen)
    if (protocol === undefined) return
    stop() // before the bytes go back: with the listener still there, giving them back would call it for ever
    socket.unshift(seen)
    decided(protocol)
  }
  socket.on('readable', look).on('end', giveUp).on('error', giveUp).on('close', stop)
}

/** Undefined while the bytes could still become either: POST, PUT and PROPFIND begin like the preface. */
export function protocolOf(bytes: Buffer): HttpProtocol | undefined {
  const length = Math.min(bytes.length, PREFACE.length)
  if (PREFACE.compare(bytes, 0, length, 0, length) !== 0) return 'h1'
  return bytes.length < PREFACE.length ? undefined : 'h2'
}
