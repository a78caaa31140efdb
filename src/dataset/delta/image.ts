// A snapshot as one run of bytes, its image: listing text, times, content. Deltas go from image to image, so that listings
// and times of many files need no format of their own. docs/format.md, section 10.1.
import type { ByteSource } from '../../core/delta/byte-source.ts'
import { type ImageLengths, imageLength } from '../../core/delta/delta-format.ts'

export interface Image extends ByteSource {
  lengths: ImageLengths
}

/** A source that may put its bytes where it is told. */
type Content = Pick<Image, 'length' | 'read'>

export function createImage(listing: Uint8Array, times: Uint8Array, content: Content): Image {
  const lengths = { listing: listing.length, times: times.length, content: content.length }
  const parts = [inMemory(listing), inMemory(times), content]

  async function read(...[offset, length, signal, into]: Parameters<Image['read']>): Promise<Uint8Array> {
    const pieces: Uint8Array[] = []
    let begin = 0
    for (const part of parts) {
      const from = Math.max(offset, begin)
      const to = Math.min(offset + length, begin + part.length)
      const room = into && to - from === length ? into : undefined
      if (from < to) pieces.push(await part.read(from - begin, to - from, signal, room))
      begin += part.length
    }
    return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
  }

  return { length: imageLength(lengths), lengths, read }
}

function inMemory(bytes: Uint8Array): Content {
  return { length: bytes.length, read: async (offset, length) => bytes.subarray(offset, offset + length) }
}
