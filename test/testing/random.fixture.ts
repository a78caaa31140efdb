// Chance that can be had again: each test prints its seed, and AETHERFS_SEED brings the same run back.
import { createHash, randomInt } from 'node:crypto'

export interface Random {
  seed: number
  /** A number from 0 up to, not including, 1. */
  next(): number
  /** A whole number from `low` to `high`, both included. */
  int(low: number, high: number): number
  pick<T>(items: readonly T[]): T
  chance(probability: number): boolean
}

/** The seed of this run: that of the environment, else a new one. */
export function newSeed(): number {
  return Number(process.env.AETHERFS_SEED ?? randomInt(2 ** 31))
}

/** Mulberry32: small, fast, and good enough to choose by. */
export function createRandom(seed = newSeed()): Random {
  let state = seed >>> 0
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0
    let z = Math.imul(state ^ (state >>> 15), state | 1)
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61)
    return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32
  }
  const int = (low: number, high: number) => low + Math.floor(next() * (high - low + 1))
  return { seed, next, int, pick: (items) => items[int(0, items.length - 1)]!, chance: (p) => next() < p }
}

/** Bytes that do not compress, the same for the same seed. */
export function randomBytesOf(length: number, seed: string | number): Buffer {
  if (length === 0) return Buffer.alloc(0)
  return createHash('shake256', { outputLength: length }).update(String(seed)).digest()
}
