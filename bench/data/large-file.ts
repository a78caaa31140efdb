// One file larger than the memory that a push or a pull may take: random bytes, with stretches of text and of zeros.
import { linkSync } from 'node:fs'
import { join } from 'node:path'
import { createRandom, randomPieces } from './random.ts'
import { writePieces } from './write-pieces.ts'

const STRETCH = 32 << 20

export function makeLargeFile(v1: string, v2: string, bytes: number): void {
  writePieces(join(v1, 'large.bin'), stretches(bytes))
  linkSync(join(v1, 'large.bin'), join(v2, 'large.bin'))
}

function* stretches(bytes: number): Generator<Buffer | string> {
  for (let at = 0; at < bytes; at += STRETCH) {
    const length = Math.min(STRETCH, bytes - at)
    const kind = (at / STRETCH) % 8
    if (kind === 6) yield Buffer.alloc(length)
    else if (kind === 7) yield createRandom(at).words(Math.ceil(length / 6))
    else yield* randomPieces(`large ${at}`, length)
  }
}
