// Which chunks are wanted and where on this machine they lie. Flat arrays of 24 bytes for each chunk and no strings,
// because a snapshot of terabytes has many millions of them.
import type { ChunkId } from '../../core/id.ts'

export interface ChunkTable {
  /** Chunks that are wanted. */
  readonly size: number
  want(id: ChunkId): void
  /** Notes where a chunk lies, when it is wanted and no place is known yet. Answers whether it did. */
  place(id: ChunkId, place: number): boolean
  /** Where the chunk lies, or -1. */
  placeOf(id: ChunkId): number
  /** Forgets the place. */
  forget(id: ChunkId): void
}

const EMPTY = -2
const NOWHERE = -1
/** 96 bits of an id are enough to tell chunks apart; every file is checked as a whole in any case. */
const WORDS = 3

export function createChunkTable(): ChunkTable {
  let capacity = 1024
  let keys = new Uint32Array(capacity * WORDS)
  let places = new Float64Array(capacity).fill(EMPTY)
  let size = 0
  const probe = new Uint32Array(WORDS)

  function read(id: ChunkId): void {
    for (let word = 0; word < WORDS; word++) probe[word] = Number.parseInt(id.slice(word * 8, word * 8 + 8), 16)
  }

  /** Slot of the key in `probe`, or the free one that it would take. */
  function find(): number {
    let slot = probe[0]! & (capacity - 1)
    while (places[slot] !== EMPTY && !isAt(slot)) slot = (slot + 1) & (capacity - 1)
    return slot
  }

  function isAt(slot: number): boolean {
    const at = slot * WORDS
    return keys[at] === probe[0] && keys[at + 1] === probe[1] && keys[at + 2] === probe[2]
  }

  function want(id: ChunkId): void {
    if (size * 2 >= capacity) grow()
    read(id)
    const slot = find()
    if (places[slot] !== EMPTY) return
    keys.set(probe, slot * WORDS)
    places[slot] = NOWHERE
    size++
  }

  function grow(): void {
    const old = { keys, places }
    capacity *= 2
    keys = new Uint32Array(capacity * WORDS)
    places = new Float64Array(capacity).fill(EMPTY)
    for (let slot = 0; slot < old.places.length; slot++) {
      if (old.places[slot] === EMPTY) continue
      probe.set(old.keys.subarray(slot * WORDS, (slot + 1) * WORDS))
      const at = find()
      keys.set(probe, at * WORDS)
      places[at] = old.places[slot]!
    }
  }

  function place(id: ChunkId, where: number): boolean {
    read(id)
    const slot = find()
    if (places[slot] !== NOWHERE) return false
    places[slot] = where
    return true
  }

  function placeOf(id: ChunkId): number {
    read(id)
    return Math.max(NOWHERE, places[find()]!)
  }

  function forget(id: ChunkId): void {
    read(id)
    const slot = find()
    if (places[slot] !== EMPTY) places[slot] = NOWHERE
  }

  return {
    get size() {
      return size
    },
    want,
    place,
    placeOf,
    forget,
  }
}
