// A set of chunk ids that takes 40 to 80 bytes for each: of a snapshot of terabytes there are millions.
import type { ChunkId } from '../../core/id.ts'
import { ID_BYTES } from '../../core/id.ts'

export interface ChunkSet {
  /** @param ids one behind the other */
  addAll(ids: Uint8Array): void
  has(id: ChunkId): boolean
}

export function createChunkSet(): ChunkSet {
  let ids = Buffer.alloc(1024 * ID_BYTES)
  let slots = new Uint32Array(2048) // place of an id, from 1
  let count = 0

  function slotOf(id: Uint8Array): number {
    const bytes = Buffer.from(id.buffer, id.byteOffset, ID_BYTES)
    let slot = bytes.readUInt32LE(0) % slots.length
    for (; slots[slot]! > 0; slot = (slot + 1) % slots.length) {
      const at = (slots[slot]! - 1) * ID_BYTES
      if (bytes.compare(ids, at, at + ID_BYTES) === 0) break
    }
    return slot
  }

  function add(id: Uint8Array): void {
    if (2 * count === slots.length) grow()
    const slot = slotOf(id)
    if (slots[slot]! > 0) return
    ids.set(id, count * ID_BYTES)
    slots[slot] = ++count
  }

  function grow(): void {
    const larger = Buffer.alloc(2 * ids.length)
    larger.set(ids)
    ids = larger
    slots = new Uint32Array(2 * slots.length)
    for (let i = 0; i < count; i++) slots[slotOf(ids.subarray(i * ID_BYTES, (i + 1) * ID_BYTES))] = i + 1
  }

  return {
    addAll(many) {
      for (let at = 0; at < many.length; at += ID_BYTES) add(many.subarray(at, at + ID_BYTES))
    },
    has: (id) => slots[slotOf(Buffer.from(id, 'hex'))]! > 0,
  }
}
