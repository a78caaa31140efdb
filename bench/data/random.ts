// Chance that comes out the same on every run and every machine: data sets have a digest by which one sees that.
import { createCipheriv, createHash } from 'node:crypto'

export interface Random {
  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number
  /** Some words of a made-up language: compresses about as well as real text. */
  words(count: number): string
}

const SYLLABLES =
  'ba be bo da de do fa fi ga go ha he ka ki ko la le lo ma me mi mo na ne no pa pe po ra re ri ro sa se si ta te'
const LEXICON_SIZE = 8192
const PIECE = 1 << 20

/** mulberry32: short, fast and good enough for made-up data. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  // Few words are frequent, as in every language.
  const word = () => LEXICON[Math.floor(next() * next() * LEXICON_SIZE)]
  return {
    below: (limit) => Math.floor(next() * limit),
    words(count) {
      let text = `${word()}`
      for (let i = 1; i < count; i++) text += ` ${word()}`
      return text
    },
  }
}

/** Bytes that do not compress, in pieces of up to 1 MiB. */
export function* randomPieces(seed: string, length: number): Generator<Buffer> {
  const key = createHash('sha256').update(seed).digest()
  const cipher = createCipheriv('aes-128-ctr', key.subarray(0, 16), key.subarray(16))
  const zeros = Buffer.alloc(PIECE)
  for (let left = length; left > 0; left -= PIECE) yield cipher.update(zeros.subarray(0, Math.min(PIECE, left)))
}

const LEXICON = makeLexicon()

function makeLexicon(): string[] {
  const syllables = SYLLABLES.split(' ')
  let state = 1
  const below = (limit: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return (state >>> 8) % limit
  }
  const makeWord = () => Array.from({ length: 1 + below(4) }, () => syllables[below(syllables.length)]).join('')
  return Array.from({ length: LEXICON_SIZE }, makeWord)
}
