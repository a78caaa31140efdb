// The chunks of a content in order, packed: a content of gigabytes has many thousands of them.
import { type ChunkId, ID_BYTES } from '../core/id.ts'

export interface ChunkList {
  /** Of each chunk, one behind the other. */
  ids: Uint8Array
  lengths: Uint32Array
  /** 1 where a chunk ended because its segment did. */
  final: Uint8Array
}

export const NO_CHUNKS: ChunkList = { ids: new Uint8Array(), lengths: new Uint32Array(), final: new Uint8Array() }

export interface ChunkListBuilder {
  /** The chunks of one segment come in order; the segments may come in any. */
  add(segment: number, id: ChunkId, length: number): void
  count(): number
  /** Forgets all chunks but the first so many. */
  keep(count: number): void
  finish(): ChunkList
}

/** Room at first, in chunks. It is doubled whenever it is used up. */
const ROOM = 1024

export function createChunkList(): ChunkListBuilder {
  let ids = Buffer.from(new ArrayBuffer(ROOM * ID_BYTES))
  let lengths = new Uint32Array(ROOM)
  let segments = new Uint32Array(ROOM)
  let count = 0

  function add(segment: number, id: ChunkId, length: number): void {
    if (count === lengths.length) grow()
    ids.write(id, count * ID_BYTES, 'hex')
    lengths[count] = length
    segments[count++] = segment
  }

  function grow(): void {
    ids = Buffer.from(ids.buffer.transfer(2 * ids.byteLength))
    lengths = new Uint32Array(lengths.buffer.transfer(2 * lengths.byteLength))
    segments = new Uint32Array(segments.buffer.transfer(2 * segments.byteLength))
  }

  function keep(most: number): void {
    count = Math.min(count, most)
  }

  function finish(): ChunkList {
    const order = Uint32Array.from({ length: count }, (_, i) => i).sort((a, b) => segments[a]! - segments[b]! || a - b)
    const list = {
      ids: new Uint8Array(count * ID_BYTES),
      lengths: new Uint32Array(count),
      final: new Uint8Array(count),
    }
    for (const [to, from] of order.entries()) {
      list.ids.set(ids.subarray(from * ID_BYTES, (from + 1) * ID_BYTES), to * ID_BYTES)
      list.lengths[to] = lengths[from]!
      list.final[to] = segments[from] === segments[order[to + 1] ?? -1] ? 0 : 1
    }
    return list
  }

  return { add, count: () => count, keep, finish }
}
