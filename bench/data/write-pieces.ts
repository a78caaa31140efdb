// Files that are written as they are made, so that their length is no matter of memory.
import { closeSync, openSync, writeSync } from 'node:fs'

export function writePieces(path: string, pieces: Iterable<Buffer | string>): void {
  const file = openSync(path, 'wx')
  try {
    for (const piece of pieces) writeWhole(file, Buffer.from(piece as string))
  } finally {
    closeSync(file)
  }
}

function writeWhole(file: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
}
