// Random numbers that come out the same on every run, so that the demo shows the same figures to everybody.

export interface Random {
  /** A whole number from 0 to `below` - 1. */
  below(below: number): number
  pick<T>(items: readonly T[]): T
  /** Some words. */
  words(count: number): string
}

/** mulberry32: short, and good enough for made-up data. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
  const below = (limit: number) => Math.floor(next() * limit)
  const pick = <T>(items: readonly T[]) => items[below(items.length)]!
  const makeWord = () => Array.from({ length: 2 + below(3) }, () => pick(SYLLABLES)).join('')
  const lexicon = Array.from({ length: 5000 }, makeWord)
  return {
    below,
    pick,
    words(count) {
      let text = pick(lexicon)
      for (let i = 1; i < count; i++) text += ` ${pick(lexicon)}`
      return text
    },
  }
}

const SYLLABLES =
  'ba be bo da de do fa fi ga go ha he ka ki ko la le lo ma me mi mo na ne no pa pe po ra re ri ro sa se si so ta te ti to va ve wa we za ze'.split(
    ' ',
  )
