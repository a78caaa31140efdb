// Which frames of which blocks hold a range of a stream, found as they are wanted. An extent is one run of plain bytes of its
// block, so neither chunks nor frames before the range are looked at.
import { type BlockIndex, type BlockInfo, chunkCount, frameOfChunk, lastAtMost } from '../../core/block.ts'
import { AetherError } from '../../core/errors.ts'
import { type Extents, extentAt } from '../../core/extents.ts'
import type { SnapshotRecord } from '../../core/record.ts'
import type { ByteSpan } from '../tree/tree-contents.ts'

/** A part of the plain bytes of a frame. */
export interface FrameSpan {
  frame: number
  /** First byte in the frame, and the one behind the last. */
  from: number
  end: number
}

/** Parts of frames of one block that follow each other there, as they do in the stream. */
export interface FrameRun {
  block: BlockInfo
  index: BlockIndex
  spans: FrameSpan[]
  /** Bytes of the stream. */
  length: number
}

export interface FrameCursor {
  /**
   * The next run, of about `maxBytes` or one frame; undefined at the end of the range. At once when the index is at hand.
   * @throws {AetherError} `integrity`
   */
  take(maxBytes: number): FrameRun | undefined | Promise<FrameRun | undefined>
  /** True when nothing of the range is left to take. */
  isAtEnd(): boolean
}

/** @param range lies within the stream */
export function createFrameCursor(
  { blocks }: Pick<SnapshotRecord, 'blocks'>,
  extents: Extents,
  range: ByteSpan,
  indexOf: (block: BlockInfo) => BlockIndex | Promise<BlockIndex>,
): FrameCursor {
  const end = range.offset + range.length
  let at = range.offset

  function take(maxBytes: number): FrameRun | undefined | Promise<FrameRun | undefined> {
    if (at >= end) return undefined
    const extent = extentAt(extents, at)
    const block = blocks[extents.block[extent]!]!
    const index = indexOf(block)
    return index instanceof Promise
      ? index.then((there) => runOf(extent, block, there, maxBytes))
      : runOf(extent, block, index, maxBytes)
  }

  function runOf(extent: number, block: BlockInfo, index: BlockIndex, maxBytes: number): FrameRun {
    const base = plainStart(extents, extent, index)
    const extentStart = extents.start[extent]!
    const last = Math.min(end, extents.start[extent + 1]!) - extentStart
    const spans = spansBetween(index, base + at - extentStart, base + last, maxBytes)
    const length = spans.reduce((sum, span) => sum + span.end - span.from, 0)
    at += length
    return { block, index, spans, length }
  }

  return { take, isAtEnd: () => at >= end }
}

/** Where an extent begins in the plain bytes of its block. */
function plainStart({ first, count, start }: Extents, extent: number, index: BlockIndex): number {
  const endChunk = first[extent]! + count[extent]!
  if (endChunk > chunkCount(index))
    throw new AetherError('integrity', 'An extent names chunks that its block does not have')
  const base = index.chunkStart[first[extent]!]!
  if (index.chunkStart[endChunk]! - base !== start[extent + 1]! - start[extent]!)
    throw new AetherError('integrity', 'An extent is not as long as its chunks')
  return base
}

/** @param from and `end`: plain bytes of the block */
function spansBetween(index: BlockIndex, from: number, end: number, maxBytes: number): FrameSpan[] {
  const spans: FrameSpan[] = []
  let frame = frameOfChunk(index, lastAtMost(index.chunkStart, from))
  for (let at = from; at < end; frame++) {
    const { start, length } = framePlain(index, frame)
    const span = { frame, from: at - start, end: Math.min(end - start, length) }
    if (spans.length > 0 && start + span.end - from > maxBytes) break
    spans.push(span)
    at = start + length
  }
  return spans
}

/** Where the plain bytes of a frame lie in those of its block. */
export function framePlain(index: BlockIndex, frame: number): { start: number; length: number } {
  const start = index.chunkStart[index.frameFirst[frame]!]!
  return { start, length: index.chunkStart[index.frameFirst[frame + 1]!]! - start }
}
