// Files that do not compress: models, pictures, archives. A night later one is replaced and one begins a few bytes later.
import { linkSync } from 'node:fs'
import { join } from 'node:path'
import { randomPieces } from './random.ts'
import { writePieces } from './write-pieces.ts'

const FILES = 8
const REPLACED = 3
const PREFIXED = 5

export function makeBinaries(v1: string, v2: string, bytes: number): void {
  const length = Math.ceil(bytes / FILES)
  for (let i = 0; i < FILES; i++) {
    const [before, after] = [join(v1, `model-${i}.bin`), join(v2, `model-${i}.bin`)]
    writePieces(before, randomPieces(`model ${i}`, length))
    if (i === REPLACED) writePieces(after, randomPieces(`model ${i}, new`, length))
    else if (i === PREFIXED) writePieces(after, prefixed(randomPieces(`model ${i}`, length)))
    else linkSync(before, after)
  }
}

/** One large file, which begins a few bytes later. */
export function makeModel(v1: string, v2: string, bytes: number): void {
  writePieces(join(v1, 'model.bin'), randomPieces('model', bytes))
  writePieces(join(v2, 'model.bin'), prefixed(randomPieces('model', bytes)))
}

function* prefixed(pieces: Iterable<Buffer>): Generator<Buffer> {
  yield Buffer.from('v2.0.1\n')
  yield* pieces
}
