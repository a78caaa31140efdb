// Fetches the frames that chunks lie in, in joined ranges, and decodes them on other threads. The bytes are not yet
// checked against ids. A few frames are kept, for chunks that the content has several times and for those at the edge
// of a window.
import type { BlockIndex, BlockInfo, Codec } from '../../core/block.ts'
import { frameOfChunk } from '../../core/block.ts'
import { AetherError } from '../../core/errors.ts'
import { type FrameRange, type PlacedChunk, planRanges, type RangeLimits } from '../../core/plan.ts'
import type { FetchBlock, PlainFrame } from '../block-reader.ts'
import type { FrameThreads, StoredFrame } from '../frame-threads.ts'
import { createLruCache } from '../lru-cache.ts'
import { twice } from './twice.ts'

export type IndexAt = (block: number) => BlockIndex

export interface FrameSource {
  /** The bytes of chunks, in their order, as they came. */
  read(chunks: readonly PlacedChunk[], indexAt: IndexAt): Promise<Uint8Array[]>
  /** Bytes of one chunk, fetched anew whatever is kept. */
  readAnew(chunk: PlacedChunk, indexAt: IndexAt): Promise<Uint8Array>
  /** The ranges that `read` would fetch. Counts their frames as kept from then on. */
  plan(chunks: readonly PlacedChunk[], indexAt: IndexAt): FrameRange[]
}

export interface FrameSourceOptions {
  blocks: readonly BlockInfo[]
  /** The bytes that it gives are the caller's own. */
  fetch: FetchBlock
  threads: FrameThreads
  limits: RangeLimits
  /** Hears of wrong bytes that are fetched once more. */
  onFault: (error: AetherError) => void
  signal?: AbortSignal
}

/** Plain bytes of the frames that are kept. */
const KEPT_BYTES = 12 * 1024 * 1024

interface KeptFrame {
  frame: Promise<PlainFrame>
  weight: number
}

export function createFrameSource({
  blocks,
  fetch,
  threads,
  limits,
  onFault,
  signal,
}: FrameSourceOptions): FrameSource {
  const kept = createLruCache<number, KeptFrame>(KEPT_BYTES, (entry) => entry.weight)

  async function read(chunks: readonly PlacedChunk[], indexAt: IndexAt): Promise<Uint8Array[]> {
    const frames = framesOf(chunks, indexAt)
    return await Promise.all(chunks.map(async (chunk) => cut(await frames.get(keyOf(chunk, indexAt))!, chunk, indexAt)))
  }

  /** The frame of each chunk: one that is kept, or one that is on its way from now on. */
  function framesOf(chunks: readonly PlacedChunk[], indexAt: IndexAt): Map<number, Promise<PlainFrame>> {
    const frames = new Map<number, Promise<PlainFrame>>()
    const missing = chunks.filter((chunk) => {
      const key = keyOf(chunk, indexAt)
      const known = frames.get(key) ?? takeKept(key)
      if (known) frames.set(key, known)
      return known === undefined
    })
    const wanted = new Set(missing.map((chunk) => keyOf(chunk, indexAt)))
    for (const range of planRanges(missing, indexAt, limits)) begin(range, wanted, frames, indexAt(range.block))
    return frames
  }

  function takeKept(key: number): Promise<PlainFrame> | undefined {
    const entry = kept.get(key)
    if (entry === undefined) return undefined
    // What is asked for again may stay for long: then it must not hold on to the range that it came in.
    const frame = entry.frame.then(withOwnBytes)
    frame.catch(() => {})
    kept.set(key, { frame, weight: entry.weight })
    return frame
  }

  function begin(range: FrameRange, wanted: Set<number>, frames: Map<number, Promise<PlainFrame>>, index: BlockIndex) {
    const numbers = frameNumbers(range).filter((frame) => wanted.has(frameKey(range.block, frame)))
    const decoded = twice(() => fetchAndDecode(range, numbers, index), onFault)
    numbers.forEach((number, i) => {
      const key = frameKey(range.block, number)
      const frame = decoded.then((all) => all[i]!)
      frame.catch(() => kept.delete(key)) // and thrown where it is waited for
      frames.set(key, frame)
      kept.set(key, { frame, weight: plainOf(index, number) })
    })
  }

  async function fetchAndDecode(range: FrameRange, numbers: number[], index: BlockIndex): Promise<PlainFrame[]> {
    const block = blocks[range.block]!
    const bytes = await fetch(block, { offset: range.offset, length: range.length }, signal)
    if (bytes.length !== range.length) {
      throw new AetherError('integrity', `Block ${block.id} is shorter than its record says`)
    }
    const stored = numbers.map((number) => storedFrame(index, number, range.offset))
    const plain = await threads.unpack(bytes, stored)
    return numbers.map((number, i) => ({ firstChunk: index.frameFirst[number]!, bytes: plain[i]! }))
  }

  async function readAnew(chunk: PlacedChunk, indexAt: IndexAt): Promise<Uint8Array> {
    const index = indexAt(chunk.block)
    const number = frameOfChunk(index, chunk.chunk)
    kept.delete(frameKey(chunk.block, number))
    const [range] = planRanges([chunk], indexAt, limits)
    const [frame] = await fetchAndDecode(range!, [number], index)
    return cut(frame!, chunk, indexAt)
  }

  function plan(chunks: readonly PlacedChunk[], indexAt: IndexAt): FrameRange[] {
    const missing = chunks.filter((chunk) => kept.get(keyOf(chunk, indexAt)) === undefined)
    for (const chunk of missing) kept.set(keyOf(chunk, indexAt), { frame: NEVER, weight: MAX_PLANNED })
    return planRanges(missing, indexAt, limits)
  }

  return { read, readAnew, plan }
}

/** Stands for a frame in a plan that is not carried out. */
const NEVER = new Promise<never>(() => {})
const MAX_PLANNED = 256 * 1024

function keyOf(chunk: PlacedChunk, indexAt: IndexAt): number {
  return frameKey(chunk.block, frameOfChunk(indexAt(chunk.block), chunk.chunk))
}

function frameKey(block: number, frame: number): number {
  return block * 2 ** 17 + frame
}

function frameNumbers(range: FrameRange): number[] {
  return Array.from({ length: range.endFrame - range.firstFrame }, (_, i) => range.firstFrame + i)
}

/** Where a frame lies in bytes that begin at `base` of its block. */
function storedFrame(index: BlockIndex, frame: number, base: number): StoredFrame {
  const begin = index.frameStart[frame]!
  return {
    codec: index.frameCodec[frame] as Codec,
    offset: begin - base,
    length: index.frameStart[frame + 1]! - begin,
    plainLength: plainOf(index, frame),
  }
}

/** Plain bytes of a frame. */
export function plainOf(index: BlockIndex, frame: number): number {
  return index.chunkStart[index.frameFirst[frame + 1]!]! - index.chunkStart[index.frameFirst[frame]!]!
}

function cut(frame: PlainFrame, chunk: PlacedChunk, indexAt: IndexAt): Uint8Array {
  const index = indexAt(chunk.block)
  const begin = index.chunkStart[chunk.chunk]! - index.chunkStart[frame.firstChunk]!
  return frame.bytes.subarray(begin, begin + chunk.length)
}

function withOwnBytes(frame: PlainFrame): PlainFrame {
  const owns = frame.bytes.length * 2 > frame.bytes.buffer.byteLength
  return owns ? frame : { ...frame, bytes: Uint8Array.from(frame.bytes) }
}
