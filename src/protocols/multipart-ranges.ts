// Bodies of several ranges: multipart/byteranges, RFC 9110, section 14.6.
import { randomBytes } from 'node:crypto'

export interface Part {
  /** Lines of its header, each with its end. */
  head: string
  /** Bytes of its body. */
  length: number
  pieces(): AsyncIterable<Uint8Array>
}

export interface Multipart {
  /** Content type of the whole. */
  type: string
  /** Bytes of the whole. */
  length: number
  body: AsyncIterable<Uint8Array>
}

/** @param boundary what no part has in it: by default chance, which nobody who makes a file can know */
export function createMultipart(parts: readonly Part[], boundary = randomBytes(18).toString('hex')): Multipart {
  const heads = parts.map(({ head }) => Buffer.from(`\r\n--${boundary}\r\n${head}\r\n`))
  const end = Buffer.from(`\r\n--${boundary}--\r\n`)
  const length = parts.reduce((sum, part, i) => sum + heads[i]!.length + part.length, end.length)
  return { type: `multipart/byteranges; boundary=${boundary}`, length, body: bodyOf(parts, heads, end) }
}

/** A head comes with the first bytes of its part: when these cannot be had, an answer that has not begun can still say so. */
async function* bodyOf(parts: readonly Part[], heads: readonly Buffer[], end: Buffer): AsyncGenerator<Uint8Array> {
  for (const [i, part] of parts.entries()) {
    let head = heads[i]
    for await (const piece of part.pieces()) {
      if (head) yield head
      head = undefined
      yield piece
    }
  }
  yield end
}
