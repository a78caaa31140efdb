// What happens to an answer after a protocol has written it: bytes are counted, and clients that do not take them are cut off.
import { type Exchange, hasWholeBody } from './exchange.ts'

type Write = (chunk: unknown, ...rest: unknown[]) => boolean
type End = (chunk: unknown, ...rest: unknown[]) => unknown

/** Counts the bytes of the answer's body, whoever writes it. */
export function countBytesOut(exchange: Exchange): void {
  const res = exchange.res as { write: Write; end: End }
  const { write, end } = res
  const count = (chunk: unknown) => {
    if (exchange.method === 'HEAD') return
    if (chunk instanceof Uint8Array) exchange.bytesOut += chunk.length
    else if (typeof chunk === 'string') exchange.bytesOut += Buffer.byteLength(chunk)
  }
  res.write = (chunk, ...rest) => {
    count(chunk)
    return write.call(res, chunk, ...rest)
  }
  if ('stream' in exchange.res) return // there, end() calls write()
  res.end = (chunk, ...rest) => {
    count(chunk)
    return end.call(res, chunk, ...rest)
  }
}

/** Cuts off a client that takes nothing of what waits for it. One that waits for the hub may wait as long as it likes. */
export function watchStall(exchange: Exchange): void {
  const { req, res, limits } = exchange
  if ('stream' in res) {
    const { stream } = res
    stream.setTimeout(limits.stallTimeout, () => {
      if (stream.writableLength === 0) return
      exchange.log.info('client takes nothing of its answer: request ended')
      stream.close(8) // CANCEL
    })
    return
  }
  // Node takes this time-out off again when the request has ended, and without a listener closes the connection itself.
  req.socket.setTimeout(limits.stallTimeout)
  res.on('timeout', () => {
    if (res.writableLength === 0) return
    exchange.log.info('client takes nothing of its answer: connection closed')
    req.socket.destroy()
  })
}

/**
 * After the answer, what the client still sends is thrown away for a while. Were it stopped at once, clients that are
 * busy sending would take that for a failure and not look at the answer (gRPC ones do so).
 */
export function endUnread(exchange: Exchange): void {
  const { req, res, limits } = exchange
  const stream = 'stream' in res ? res.stream : undefined
  const sent = stream ?? res
  sent.once('finish', () => {
    if (hasWholeBody(exchange)) return
    stream?.resume() // has to come first: a stream that nobody reads is reset when its answer is out
    req.resume()
    const stop = () => (stream ? stream.close() : req.socket.destroy())
    const timer = setTimeout(stop, limits.lingerTimeout)
    req.once('close', () => clearTimeout(timer))
  })
}
