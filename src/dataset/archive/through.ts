import type { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/** What becomes of pieces in a transform. Fails as they do; who stops early ends both. */
export async function* through(transform: Transform, pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const fed = pipeline(pieces, transform)
  fed.catch(() => {}) // it is told by the transform too
  yield* transform as AsyncIterable<Uint8Array>
  await fed
}
