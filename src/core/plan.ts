// From "these chunks are wanted" to "read these ranges of these blocks". Works on records and block indexes alone.
import { type BlockIndex, chunkCount, chunkIdAt, chunkLengthAt, frameOfChunk } from './block.ts'
import { AetherError } from './errors.ts'
import type { Extents } from './extents.ts'
import type { ChunkId } from './id.ts'

/** One chunk of a stream, where it lies and what it is. */
export interface PlacedChunk {
  id: ChunkId
  /** First byte in the stream. */
  offset: number
  /** Plain bytes. */
  length: number
  /** Place of the block in the record's table. */
  block: number
  /** Place of the chunk in the block. */
  chunk: number
}

/** The chunks of a stream in order. `indexOf` gives the index of a block by its place in the record's table. */
export function* chunksOf(extents: Extents, indexOf: (block: number) => BlockIndex): Generator<PlacedChunk> {
  for (let extent = 0; extent < extents.block.length; extent++) {
    const block = extents.block[extent]!
    const index = indexOf(block)
    let offset = extents.start[extent]!
    const end = extents.first[extent]! + extents.count[extent]!
    if (end > chunkCount(index))
      throw new AetherError('integrity', 'An extent names chunks that its block does not have')
    for (let chunk = extents.first[extent]!; chunk < end; chunk++) {
      const length = chunkLengthAt(index, chunk)
      yield { id: chunkIdAt(index, chunk), offset, length, block, chunk }
      offset += length
    }
    if (offset !== extents.start[extent + 1])
      throw new AetherError('integrity', 'An extent is not as long as its chunks')
  }
}

/** A run of whole frames of one block, to be read in one request. */
export interface FrameRange {
  block: number
  /** First frame, and the one behind the last. */
  firstFrame: number
  endFrame: number
  /** First byte in the block. */
  offset: number
  /** Bytes. */
  length: number
}

export interface RangeLimits {
  /** Frames with at most this many unwanted bytes between them are read together. */
  gap: number
  /** Bytes of one range at most, but for a single frame. */
  maxLength: number
}

/** Ranges that hold all wanted chunks, in the order in which the chunks first ask for them. */
export function planRanges(
  wanted: Iterable<PlacedChunk>,
  indexOf: (block: number) => BlockIndex,
  limits: RangeLimits,
): FrameRange[] {
  const frames = new Map<number, Set<number>>()
  for (const { block, chunk } of wanted) {
    const set = frames.get(block) ?? new Set()
    frames.set(block, set.add(frameOfChunk(indexOf(block), chunk)))
  }
  return [...frames].flatMap(([block, set]) =>
    joinFrames(
      block,
      [...set].sort((a, b) => a - b),
      indexOf(block),
      limits,
    ),
  )
}

function joinFrames(block: number, frames: number[], index: BlockIndex, limits: RangeLimits): FrameRange[] {
  const ranges: FrameRange[] = []
  for (const frame of frames) {
    const offset = index.frameStart[frame]!
    const end = index.frameStart[frame + 1]!
    const last = ranges.at(-1)
    if (last && offset - (last.offset + last.length) <= limits.gap && end - last.offset <= limits.maxLength) {
      last.endFrame = frame + 1
      last.length = end - last.offset
    } else {
      ranges.push({ block, firstFrame: frame, endFrame: frame + 1, offset, length: end - offset })
    }
  }
  return ranges
}
