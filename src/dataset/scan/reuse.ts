// Which chunks of the last push stand unchanged, so that their files need not be read again.
//
// A cut depends only on the bytes since the cut before. So where a new cut falls on an old one, and the files under the next
// old chunk are unchanged and follow each other as before, the next new chunk is that old chunk.
import { type ChunkId, idAt } from '../../core/id.ts'
import type { Segment } from '../../core/segments.ts'

/** The chunks of an earlier content, in order. */
export interface OldContent {
  /** First byte of each chunk; one more element for the length of all. */
  start: Float64Array
  /** Of each chunk, one behind the other. */
  ids: Uint8Array
  /** 1 where a chunk ended because its segment did, not because of its bytes. */
  final: Uint8Array
  /** 1 where the chunk may be used: the hub has it already. */
  usable: Uint8Array
}

/** The files as they are now, by place. */
export interface FilesNow {
  size(place: number): number
  /** First byte in the old content of what did not change since; of all else -1. */
  oldOffset: Float64Array
}

export interface ReusedChunk {
  id: ChunkId
  length: number
}

export interface Reuse {
  /** The chunk that begins at this byte of the file at `place`, if it is an old one. That must be the segment's start or a cut. */
  at(place: number, offset: number): ReusedChunk | undefined
}

/** Reuse in one segment. */
export function createReuse(old: OldContent, { size, oldOffset }: FilesNow, segment: Segment): Reuse {
  function at(place: number, offset: number): ReusedChunk | undefined {
    if (place === segment.end || oldOffset[place]! < 0) return undefined
    const position = oldOffset[place]! + offset
    const chunk = placeOf(old.start, position)
    if (chunk < 0 || old.usable[chunk] !== 1) return undefined
    const length = old.start[chunk + 1]! - position
    const end = covered(place, offset, position, length)
    if (end === undefined) return undefined
    if (old.final[chunk] === 1 && end !== 'segment end') return undefined
    return { id: idAt(old.ids, chunk), length }
  }

  /** Whether the bytes from here on are those of the old content; undefined when not. */
  function covered(
    first: number,
    offset: number,
    position: number,
    length: number,
  ): 'segment end' | 'inside' | undefined {
    let left = length
    let skip = offset
    for (let place = first; place < segment.end; place++) {
      if (size(place) === 0) continue
      if (oldOffset[place]! < 0 || oldOffset[place]! + skip !== position + length - left) return undefined
      const bytes = Math.min(left, size(place) - skip)
      left -= bytes
      if (left === 0) return place === segment.end - 1 && skip + bytes === size(place) ? 'segment end' : 'inside'
      skip = 0
    }
    return undefined
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
