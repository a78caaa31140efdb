// Bytes of files on their way into something that has announced how many there will be.
import type { CallOptions } from '../../core/dataset.ts'
import { AetherError } from '../../core/errors.ts'
import type { ReadableTree, TreeFile } from '../tree/readable-tree.ts'

/**
 * A range of a file: as many bytes as that, or an error.
 * @throws {AetherError} `integrity`, and what the tree throws
 */
export async function* fileBytes(
  tree: ReadableTree,
  file: TreeFile,
  range: { offset: number; length: number },
  options: CallOptions,
): AsyncGenerator<Uint8Array> {
  let left = range.length
  for await (const piece of tree.read(file.place, range, options)) {
    left -= piece.length
    if (left < 0) break
    yield piece
  }
  if (left !== 0) throw new AetherError('integrity', `The file "${file.name}" has not the length that it should have`)
}

/** Joins small pieces, so that thousands of them do not become as many packets. What it gives is at least `size`, but for the end. */
export async function* joinSmall(pieces: AsyncIterable<Uint8Array>, size = 64 * 1024): AsyncGenerator<Uint8Array> {
  let small: Uint8Array[] = []
  let length = 0
  for await (const piece of pieces) {
    small.push(piece)
    length += piece.length
    if (length < size) continue
    yield small.length === 1 ? piece : Buffer.concat(small)
    small = []
    length = 0
  }
  if (length > 0) yield Buffer.concat(small)
}
