// Which chunks of the last push stand unchanged, so that their files need not be read again.
//
// A cut depends only on the bytes since the cut before. So where a new cut falls on an old one, and the files under the next
// old chunk are unchanged and follow each other as before, the next new chunk is that old chunk.
import type { ChunkId } from '../../core/id.ts'

/** The chunks of an earlier content, in order. */
export interface OldContent {
  /** First byte of each chunk; one more element for the length of all. */
  start: Float64Array
  ids: readonly ChunkId[]
  /** 1 where a chunk ended because its segment did, not because of its bytes. */
  final: Uint8Array
  /** 1 where the chunk may be used: the hub has it already. */
  usable: Uint8Array
}

/** A file as it is now. */
export interface KnownFile {
  size: number
  /** First byte in the old content, when the file did not change since; else -1. */
  oldOffset: number
}

export interface ReusedChunk {
  id: ChunkId
  length: number
}

export interface Reuse {
  /** The chunk that begins at this place of the segment, if it is an old one. The place must be the segment's start or a cut. */
  at(file: number, offset: number): ReusedChunk | undefined
}

/** @param files those of one segment, in order. */
export function createReuse(old: OldContent, files: readonly KnownFile[]): Reuse {
  function at(file: number, offset: number): ReusedChunk | undefined {
    const first = files[file]
    if (first === undefined || first.oldOffset < 0) return undefined
    const position = first.oldOffset + offset
    const chunk = placeOf(old.start, position)
    if (chunk < 0 || old.usable[chunk] !== 1) return undefined
    const length = old.start[chunk + 1]! - position
    const end = covered(file, offset, position, length)
    if (end === undefined) return undefined
    if (old.final[chunk] === 1 && end !== 'segment end') return undefined
    return { id: old.ids[chunk]!, length }
  }

  /** Whether the bytes from here on are those of the old content; undefined when not. */
  function covered(
    file: number,
    offset: number,
    position: number,
    length: number,
  ): 'segment end' | 'inside' | undefined {
    let left = length
    let skip = offset
    for (let i = file; ; i++) {
      const present = files[i]
      if (present === undefined || present.oldOffset < 0 || present.oldOffset + skip !== position + length - left)
        return undefined
      const bytes = Math.min(left, present.size - skip)
      left -= bytes
      if (left === 0) return i === files.length - 1 && skip + bytes === present.size ? 'segment end' : 'inside'
      skip = 0
    }
  }

  return { at }
}

/** Place of the chunk that starts at exactly `position`, or -1. */
function placeOf(start: Float64Array, position: number): number {
  let low = 0
  let high = start.length - 2
  while (low <= high) {
    const middle = (low + high) >>> 1
    const value = start[middle]!
    if (value === position) return middle
    if (value < position) low = middle + 1
    else high = middle - 1
  }
  return -1
}
