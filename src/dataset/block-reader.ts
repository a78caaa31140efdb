// Reads parts of blocks and checks them: tails against the record, chunks against their ids. Nothing unchecked leaves here.
import { type BlockIndex, type BlockInfo, type Codec, chunkIdAt, decodeTail } from '../core/block.ts'
import { AetherError } from '../core/errors.ts'
import { decodeFrame } from '../core/frame.ts'
import { sha256Hex } from '../core/id.ts'
import type { FrameRange } from '../core/plan.ts'
import { type OnFault, twice } from '../core/twice.ts'
import { createLruCache } from './lru-cache.ts'

/**
 * Fetches bytes of a block from wherever it rests. What it gives is not trusted.
 * @param into where the bytes may be put; the answer may as well have a buffer of its own
 */
export type FetchBlock = (
  block: BlockInfo,
  range: { offset: number; length: number },
  signal?: AbortSignal,
  into?: Uint8Array,
) => Promise<Uint8Array>

export interface BlockReader {
  /** The block's index. @throws {AetherError} `integrity` when the tail is not the one that the record names, twice. */
  index(block: BlockInfo, signal?: AbortSignal): Promise<BlockIndex>
  /** Decoded frames of a range, in order; chunks are not yet checked. */
  frames(block: BlockInfo, range: FrameRange, signal?: AbortSignal): Promise<PlainFrame[]>
  /** Hears of what came wrong and is fetched once more. */
  onFault?: OnFault | undefined
}

/** Plain bytes of one frame and the place of its first chunk in the block. */
export interface PlainFrame {
  firstChunk: number
  bytes: Uint8Array
}

export interface IndexCache {
  get(id: string): BlockIndex | undefined
  set(id: string, index: BlockIndex): void
}

/** Indexes kept in memory: by bytes, since a block of tiny chunks has an index of megabytes. */
export function createIndexCache(maxBytes = 32 * 1024 * 1024): IndexCache {
  return createLruCache<string, BlockIndex>(
    maxBytes,
    (index) => index.chunkIds.length + index.chunkStart.byteLength + index.frameStart.byteLength * 3,
  )
}

export function createBlockReader(
  fetch: FetchBlock,
  cache: IndexCache = createIndexCache(),
  onFault?: OnFault,
): BlockReader {
  async function index(block: BlockInfo, signal?: AbortSignal): Promise<BlockIndex> {
    const known = cache.get(block.id)
    if (known) return known
    const place = { offset: block.size - block.tailSize, length: block.tailSize }
    const tail = await twice(async () => checkedTail(block, await fetch(block, place, signal)), onFault)
    const decoded = decodeTail(tail, block.size)
    cache.set(block.id, decoded)
    return decoded
  }

  async function frames(block: BlockInfo, range: FrameRange, signal?: AbortSignal): Promise<PlainFrame[]> {
    const [placed, bytes] = await Promise.all([index(block, signal), fetch(block, range, signal)])
    if (bytes.length !== range.length)
      throw new AetherError('integrity', `Block ${block.id} is shorter than its record says`)
    return decodeFrames(placed, range, bytes)
  }

  return { index, frames, onFault }
}

function checkedTail(block: BlockInfo, tail: Uint8Array): Uint8Array {
  if (isTailOf(block, tail)) return tail
  throw new AetherError('integrity', `Block ${block.id} has another index than its record says`)
}

/** Whether it is the one that the record names. */
export function isTailOf({ tailHash }: BlockInfo, tail: Uint8Array): boolean {
  return sha256Hex(tail) === tailHash
}

/** Decodes the frames of a range on the thread pool. */
export function decodeFrames(index: BlockIndex, range: FrameRange, bytes: Uint8Array): Promise<PlainFrame[]> {
  const frames = Array.from({ length: range.endFrame - range.firstFrame }, (_, i) => range.firstFrame + i)
  return Promise.all(frames.map((frame) => decodeOne(index, frame, bytes, range.offset)))
}

async function decodeOne(index: BlockIndex, frame: number, bytes: Uint8Array, base: number): Promise<PlainFrame> {
  const stored = bytes.subarray(index.frameStart[frame]! - base, index.frameStart[frame + 1]! - base)
  const firstChunk = index.frameFirst[frame]!
  const plain = index.chunkStart[index.frameFirst[frame + 1]!]! - index.chunkStart[firstChunk]!
  return { firstChunk, bytes: await decodeFrame(index.frameCodec[frame] as Codec, stored, plain) }
}

/** The bytes of one chunk of a decoded frame. */
export function chunkBytes(index: BlockIndex, frame: PlainFrame, chunk: number): Uint8Array {
  const base = index.chunkStart[frame.firstChunk]!
  return frame.bytes.subarray(index.chunkStart[chunk]! - base, index.chunkStart[chunk + 1]! - base)
}

/** The bytes of one chunk, checked. @throws {AetherError} `integrity` */
export function checkedChunk(index: BlockIndex, frame: PlainFrame, chunk: number): Uint8Array {
  const bytes = chunkBytes(index, frame, chunk)
  const id = chunkIdAt(index, chunk)
  if (sha256Hex(bytes) !== id)
    throw new AetherError('integrity', `Chunk ${id} does not have the bytes that its name says`)
  return bytes
}
