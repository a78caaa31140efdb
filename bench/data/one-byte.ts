// One large file, and the same with another byte in the middle: the least that an update can be.
import { closeSync, copyFileSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { randomPieces } from './random.ts'
import { writePieces } from './write-pieces.ts'

export function makeOneByte(v1: string, v2: string, bytes: number): void {
  const [before, after] = [join(v1, 'large.bin'), join(v2, 'large.bin')]
  const middle = Math.floor(bytes / 2)
  writePieces(before, withByte(randomPieces('one byte', bytes), middle, 0))
  copyFileSync(before, after)
  const file = openSync(after, 'r+')
  writeSync(file, Uint8Array.of(1), 0, 1, middle)
  closeSync(file)
}

function* withByte(pieces: Iterable<Buffer>, at: number, value: number): Generator<Buffer> {
  let begin = 0
  for (const piece of pieces) {
    if (at >= begin && at < begin + piece.length) piece[at - begin] = value
    begin += piece.length
    yield piece
  }
}
