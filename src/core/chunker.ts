// Content-defined chunking with a gear rolling hash (Xia et al., "Ddelta: A deduplication-inspired fast delta compression
// approach", 2014; FastCDC 2016), without normalisation, which costs deduplication. The rules: docs/format.md, section 3.
import { hash } from 'node:crypto'

/** Shortest chunk but for the last of a segment, in bytes. Also the size from which a file is a segment of its own. */
export const MIN_CHUNK = 32 * 1024
/** Longest chunk, in bytes. */
export const MAX_CHUNK = 256 * 1024

/** The hash is 32 bits wide and moves one bit a byte, so a cut depends on this many bytes before it. */
const WINDOW = 32
/** A cut comes where the hash is below 2^17: once in 2^15 bytes behind the minimum, so chunks are 64 KiB on average. */
const THRESHOLD_BITS = 17

const GEAR = gearTable()

/**
 * Entry i is the first four bytes, little endian, of SHA-256 over the text "aetherfs gear i". Signed, because the compiled
 * loop then stays with whole numbers of 32 bits.
 */
function gearTable(): Int32Array {
  return Int32Array.from({ length: 256 }, (_, i) => hash('sha256', `aetherfs gear ${i}`, 'buffer').readInt32LE(0))
}

export interface Chunker {
  /** Length of `bytes` up to and including the next cut, or -1 when all were taken in without one. */
  nextCut(bytes: Uint8Array): number
  /** Forgets what came before, as at the start of a segment. */
  reset(): void
}

/** Cuts are a function of the bytes since the last cut alone, however they arrive. */
export function createChunker(): Chunker {
  let position = 0 // bytes of the present chunk that were taken in
  let gear = 0

  function reset(): void {
    position = 0
    gear = 0
  }

  function nextCut(bytes: Uint8Array): number {
    // No cut can come before the minimum, so only the window in front of it needs to be hashed.
    let i = Math.min(bytes.length, Math.max(0, MIN_CHUNK - WINDOW - position))
    const warm = Math.min(bytes.length, Math.max(0, MIN_CHUNK - 1 - position))
    const end = Math.min(bytes.length, MAX_CHUNK - position)
    let h = gear
    for (; i < warm; i++) h = ((h << 1) + GEAR[bytes[i] as number]!) | 0
    for (; i < end; i++) {
      h = ((h << 1) + GEAR[bytes[i] as number]!) | 0
      if (h >>> THRESHOLD_BITS === 0) return cutAfter(i)
    }
    if (position + end === MAX_CHUNK) return cutAfter(end - 1)
    position += bytes.length
    gear = h
    return -1
  }

  function cutAfter(last: number): number {
    reset()
    return last + 1
  }

  return { nextCut, reset }
}
