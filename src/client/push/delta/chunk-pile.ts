// What a push would pack if it made no delta: the new chunks, which are counted, and kept only while they are few.
import { packFrame } from '../../../core/frame.ts'
import type { ChunkId } from '../../../core/id.ts'
import type { Packer } from '../../../dataset/packer.ts'

/** Bytes of chunks that are kept, so that they need not be read again when no delta is sent. */
const KEPT_BYTES = 16 * 1024 * 1024
/** Of each of these runs of new bytes one chunk is compressed, to see what comes of them all. */
const SAMPLE_EVERY = 1024 * 1024

export interface ChunkPile extends Pick<Packer, 'has' | 'add' | 'plainBytes'> {
  /** The bytes of a chunk, if they are kept. */
  get(id: ChunkId): Uint8Array | undefined
  /** About what the chunks would have in blocks. */
  storedBytes(): number
}

export function createChunkPile(): ChunkPile {
  const ids = new Set<ChunkId>()
  const kept = new Map<ChunkId, Uint8Array>()
  let total = 0
  let room = KEPT_BYTES
  let samples = 0
  const sampled = { plain: 0, stored: 0 }

  async function add(id: ChunkId, bytes: Uint8Array): Promise<void> {
    ids.add(id)
    if (total >= samples * SAMPLE_EVERY) await sample(bytes)
    total += bytes.length
    if (bytes.length > room) return
    room -= bytes.length
    kept.set(id, Uint8Array.from(bytes))
  }

  async function sample(bytes: Uint8Array): Promise<void> {
    samples++
    sampled.plain += bytes.length
    sampled.stored += (await packFrame(bytes)).bytes.length
  }

  return {
    has: (id) => ids.has(id),
    add,
    plainBytes: () => total,
    get: (id) => kept.get(id),
    storedBytes: () => (sampled.plain === 0 ? 0 : total * (sampled.stored / sampled.plain)),
  }
}
