// Files that change everywhere when they change anywhere: tables that are compressed as a whole, with lines on top and a few
// edited, and random bytes that are replaced. There is nothing to gain from what was there before.
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { randomPieces } from './random.ts'
import { makeTexts } from './text.ts'
import { writePieces } from './write-pieces.ts'

/** @param bytes of the tables before they are compressed */
export function makeRewritten(v1: string, v2: string, bytes: number): void {
  makeTexts(v1, v2, bytes)
  for (const folder of [v1, v2]) {
    compress(join(folder, 'readings.csv'), '.gz', gzipSync)
    compress(join(folder, 'events.jsonl'), '.zst', zstdCompressSync)
  }
  for (const [folder, seed] of [
    [v1, 'first'],
    [v2, 'second'],
  ] as const)
    writePieces(join(folder, 'random.bin'), randomPieces(`rewritten, ${seed}`, 4 * Math.ceil(bytes)))
}

function compress(path: string, ending: string, pack: (bytes: Buffer) => Buffer): void {
  writeFileSync(`${path}${ending}`, pack(readFileSync(path)))
  rmSync(path)
}
