// Finds places of the old image again that have moved. Of the old image the 32 bytes at every 1024th place are hashed; the
// new one is hashed at every place, with a hash that rolls, but only where nothing else has found what it is like (the
// scheme of Tridgell's rsync, 1996, and of xdelta; the gear hash is that of Xia et al., "Ddelta", 2014).
import { hash } from 'node:crypto'

/** Bytes that are hashed together. The gear hash forgets bytes after as many as it has bits. */
export const SAMPLED = 32
/** Bytes from one sample of the old image to the next, or more when there would be too many. */
const USUAL_STEP = 1024
const MAX_SAMPLES = 2 ** 21

const GEAR = Int32Array.from({ length: 256 }, (_, i) =>
  hash('sha256', `aetherfs delta gear ${i}`, 'buffer').readInt32LE(0),
)

/** Bytes from one sample to the next in so many bytes of the old image. */
export function sampleStep(bytes: number): number {
  return USUAL_STEP * Math.max(1, Math.ceil(bytes / USUAL_STEP / MAX_SAMPLES))
}

/** Hash of the 32 bytes from `begin` on. */
export function hashAt(bytes: Uint8Array, begin: number): number {
  let h = 0
  for (let i = begin; i < begin + SAMPLED; i++) h = ((h << 1) + GEAR[bytes[i] as number]!) | 0
  return h
}

export interface Fingerprints {
  /** The first place that is given for a hash stays. */
  add(hash: number, place: number): void
  /** A place in the old image with this hash, -1 when there is none. */
  find(hash: number): number
  /** Begins a walk through bytes that come in order. */
  walk(): FingerprintWalk
}

export interface FingerprintWalk {
  /** The first place behind 32 bytes whose hash is known, between `begin` and `end`; -1 when there is none. */
  next(bytes: Uint8Array, begin: number, end: number): number
  /** Where these 32 bytes begin in the old image. */
  found(): number
}

/** A hash table with open addressing, 12 bytes a slot, behind a bit map. @param samples that will be added, at most */
export function createFingerprints(samples: number): Fingerprints {
  const bits = Math.ceil(Math.log2(Math.max(16, samples * 2)))
  const mask = 2 ** bits - 1
  const hashes = new Int32Array(mask + 1)
  const places = new Float64Array(mask + 1).fill(-1)
  const mapShift = 32 - Math.min(30, bits + 3)
  const map = new Uint8Array(2 ** (29 - mapShift))

  function slotOf(hash: number): number {
    let slot = (spread(hash) >>> 5) & mask
    while (places[slot]! >= 0 && hashes[slot] !== hash) slot = (slot + 1) & mask
    return slot
  }

  function add(hash: number, place: number): void {
    const slot = slotOf(hash)
    if (places[slot]! >= 0) return
    hashes[slot] = hash
    places[slot] = place
    const bit = spread(hash) >>> mapShift
    map[bit >>> 3]! |= 1 << (bit & 7)
  }

  function walk(): FingerprintWalk {
    let gear = 0
    let warm = 0
    let place = -1

    function next(bytes: Uint8Array, begin: number, end: number): number {
      let h = gear
      let i = begin
      for (; i < end && warm < SAMPLED - 1; i++, warm++) h = ((h << 1) + GEAR[bytes[i] as number]!) | 0
      for (; i < end; i++) {
        h = ((h << 1) + GEAR[bytes[i] as number]!) | 0
        const bit = spread(h) >>> mapShift
        if ((map[bit >>> 3]! & (1 << (bit & 7))) === 0) continue
        place = places[slotOf(h)]!
        if (place < 0) continue
        gear = h
        return i + 1
      }
      gear = h
      return -1
    }

    return { next, found: () => place }
  }

  return { add, find: (hash) => places[slotOf(hash)]!, walk }
}

/** The low bits of a gear hash know the last few bytes alone; this mixes the high ones in (Fibonacci hashing). */
function spread(hash: number): number {
  return Math.imul(hash ^ (hash >>> 15), 0x9e3779b1)
}
