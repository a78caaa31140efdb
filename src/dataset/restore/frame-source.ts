// Fetches the frames that chunks lie in, in joined ranges, and decodes them on other threads. The bytes are not yet
// checked against ids. A few frames are kept, for chunks that the content has several times and for those at the edge
// of a window.
import type { BlockIndex, BlockInfo, Codec } from '../../core/block.ts'
import { frameOfChunk } from '../../core/block.ts'
import { AetherError } from '../../core/errors.ts'
import { type FrameRange, type PlacedChunk, planRanges, type RangeLimits } from '../../core/plan.ts'
import { twice } from '../../core/twice.ts'
import type { FetchBlock, PlainFrame } from '../block-reader.ts'
import type { FrameThreads, StoredFrame } from '../frame-threads.ts'
import { createLruCache } from '../lru-cache.ts'
import { type SharedFrames, shareFrames } from './shared-frames.ts'

export type IndexAt = (block: number) => BlockIndex

export interface FrameSource {
  read(chunks: readonly PlacedChunk[], indexAt: IndexAt): Promise<ReadChunks>
  /** Bytes of one chunk, fetched anew whatever is kept. */
  readAnew(chunk: PlacedChunk, indexAt: IndexAt): Promise<Uint8Array>
  /** The ranges that `read` would fetch. Counts their frames as kept from then on. */
  plan(chunks: readonly PlacedChunk[], indexAt: IndexAt): FrameRange[]
}

export interface ReadChunks {
  /** The bytes of the chunks, in their order, as they came. */
  bytes: Uint8Array[]
  /** Says that the bytes are not used any more; they may be gone then. */
  release(): void
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

interface Decoded {
  frames: PlainFrame[]
  release(): void
}

interface KeptFrame {
  shared: SharedFrames
  /** Place of the frame among the shared ones. */
  place: number
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
  const kept = createLruCache<number, KeptFrame>(
    KEPT_BYTES,
    (entry) => entry.weight,
    (entry) => entry.shared.letGo(),
  )

  async function read(chunks: readonly PlacedChunk[], indexAt: IndexAt): Promise<ReadChunks> {
    const frames = framesOf(chunks, indexAt)
    const release = () => frames.forEach(({ shared }) => void shared.letGo())
    try {
      return { bytes: await Promise.all(chunks.map((chunk) => cutFrom(frames, chunk, indexAt))), release }
    } catch (error) {
      release()
      throw error
    }
  }

  async function cutFrom(frames: Map<number, KeptFrame>, chunk: PlacedChunk, indexAt: IndexAt): Promise<Uint8Array> {
    const { shared, place } = frames.get(keyOf(chunk, indexAt))!
    return cut((await shared.frames)[place]!, chunk, indexAt)
  }

  /** The frame of each chunk: one that is kept, or one that is on its way from now on. All are held. */
  function framesOf(chunks: readonly PlacedChunk[], indexAt: IndexAt): Map<number, KeptFrame> {
    const frames = new Map<number, KeptFrame>()
    const use = (key: number, entry: KeptFrame) => {
      entry.shared.hold()
      frames.set(key, entry)
    }
    const missing = chunks.filter((chunk) => {
      const key = keyOf(chunk, indexAt)
      if (frames.has(key)) return false
      const known = takeKept(key)
      if (known) use(key, known)
      return known === undefined
    })
    const wanted = new Set(missing.map((chunk) => keyOf(chunk, indexAt)))
    for (const range of planRanges(missing, indexAt, limits)) {
      for (const [key, entry] of begin(range, wanted, indexAt(range.block))) {
        use(key, entry)
        keep(key, entry)
      }
    }
    return frames
  }

  function keep(key: number, entry: KeptFrame): void {
    entry.shared.hold()
    kept.set(key, entry)
  }

  /** What is asked for again may stay for long: then it must not hold on to the frames that it came with. */
  function takeKept(key: number): KeptFrame | undefined {
    const entry = kept.get(key)
    if (entry === undefined) return undefined
    const own = entry.shared.frames.then((frames) => ({ frames: [withOwnBytes(frames[entry.place]!)] }))
    const copy = { shared: shareFrames(own), place: 0, weight: entry.weight }
    keep(key, copy)
    return copy
  }

  function begin(range: FrameRange, wanted: Set<number>, index: BlockIndex): [number, KeptFrame][] {
    const numbers = frameNumbers(range).filter((frame) => wanted.has(frameKey(range.block, frame)))
    const shared = shareFrames(twice(() => fetchAndDecode(range, numbers, index), onFault))
    shared.frames.catch(() => numbers.forEach((number) => void kept.delete(frameKey(range.block, number))))
    return numbers.map((number, place) => [
      frameKey(range.block, number),
      { shared, place, weight: plainOf(index, number) },
    ])
  }

  async function fetchAndDecode(range: FrameRange, numbers: number[], index: BlockIndex): Promise<Decoded> {
    const block = blocks[range.block]!
    const into = threads.take(range.length)
    const bytes = await fetch(block, { offset: range.offset, length: range.length }, signal, into)
    if (bytes.length !== range.length) {
      throw new AetherError('integrity', `Block ${block.id} is shorter than its record says`)
    }
    const stored = numbers.map((number) => storedFrame(index, number, range.offset))
    const { frames, release } = await threads.unpack(bytes, stored)
    return {
      frames: numbers.map((number, i) => ({ firstChunk: index.frameFirst[number]!, bytes: frames[i]! })),
      release,
    }
  }

  async function readAnew(chunk: PlacedChunk, indexAt: IndexAt): Promise<Uint8Array> {
    const index = indexAt(chunk.block)
    const number = frameOfChunk(index, chunk.chunk)
    kept.delete(frameKey(chunk.block, number))
    const [range] = planRanges([chunk], indexAt, limits)
    const { frames } = await fetchAndDecode(range!, [number], index)
    return cut(frames[0]!, chunk, indexAt)
  }

  function plan(chunks: readonly PlacedChunk[], indexAt: IndexAt): FrameRange[] {
    const missing = chunks.filter((chunk) => kept.get(keyOf(chunk, indexAt)) === undefined)
    for (const chunk of missing) keep(keyOf(chunk, indexAt), { shared: PLANNED, place: 0, weight: MAX_PLANNED })
    return planRanges(missing, indexAt, limits)
  }

  return { read, readAnew, plan }
}

/** Stands for a frame in a plan that is not carried out. */
const PLANNED = shareFrames(new Promise<never>(() => {}))
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
  return { ...frame, bytes: Uint8Array.from(frame.bytes) }
}
