// Cuts a stream that is one segment into chunks: docs/format.md, section 3.
import { createChunker, MAX_CHUNK } from '../core/chunker.ts'

/** Each chunk stays as it is until the next is asked for. */
export function* cutStream(pieces: Iterable<Uint8Array>): Generator<Buffer> {
  const chunker = createChunker()
  const chunk = Buffer.allocUnsafeSlow(MAX_CHUNK)
  let filled = 0
  for (const piece of pieces) {
    for (let rest = piece; rest.length > 0; ) {
      const cut = chunker.nextCut(rest)
      const taken = cut < 0 ? rest : rest.subarray(0, cut)
      chunk.set(taken, filled)
      filled += taken.length
      rest = rest.subarray(taken.length)
      if (cut < 0) continue
      yield chunk.subarray(0, filled)
      filled = 0
    }
  }
  if (filled > 0) yield chunk.subarray(0, filled)
}
