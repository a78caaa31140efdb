// Packs new chunks into frames, frames into blocks, and hands the blocks on. Memory: the frames being compressed, one
// block being filled, and whatever blocks `deliver` has not yet taken.
import {
  type BlockBuilder,
  type BlockInfo,
  type BuiltBlock,
  type ChunkRef,
  createBlockBuilder,
  MAX_BLOCK,
  MAX_FRAME_PLAIN,
} from '../core/block.ts'
import type { ChunkId } from '../core/id.ts'
import { createBufferPool } from './buffer-pool.ts'
import { createFrameThreads, type PackedInPlace } from './frame-threads.ts'

/** Frames under compression at once: enough for all threads, few enough to forget. */
const FRAMES_AT_ONCE = 8

/** A block that may still be open; `info` is there once it is finished. */
export interface PackedBlock {
  info: BlockInfo | undefined
}

/** Where a chunk lies. */
export interface Location {
  block: PackedBlock
  /** Place of the chunk in the block. */
  chunk: number
}

export interface Packer {
  /** Whether the chunk was added before. */
  has(id: ChunkId): boolean
  /** Takes a chunk that is not there yet; the bytes are copied. Waits while too much is under way. */
  add(id: ChunkId, bytes: Uint8Array): Promise<void>
  /** Closes the last block. After this every added chunk has a location in a finished block. */
  finish(): Promise<void>
  location(id: ChunkId): Location | undefined
  /** Plain bytes taken in. */
  plainBytes(): number
  /** Ends its threads. */
  close(): Promise<void>
}

/**
 * Takes a finished block; the packer waits for it before it goes on. `release` gives the block's buffer back, to be written
 * over: it is called when the bytes have been used, or never.
 */
export type Deliver = (block: BuiltBlock, release: () => void) => Promise<void>

export function createPacker(deliver: Deliver): Packer {
  const locations = new Map<ChunkId, Location | undefined>()
  const threads = createFrameThreads()
  const pending: { packed: Promise<PackedInPlace>; chunks: ChunkRef[] }[] = []
  const frameBuffers = createBufferPool(MAX_FRAME_PLAIN, FRAMES_AT_ONCE + 1)
  const blockBuffers = createBufferPool(MAX_BLOCK, 8)
  let plain = frameBuffers.take()
  let filled = 0
  let chunks: ChunkRef[] = []
  let room = blockBuffers.take()
  let builder: BlockBuilder = createBlockBuilder(room)
  let block: PackedBlock = { info: undefined }
  let total = 0

  async function add(id: ChunkId, bytes: Uint8Array): Promise<void> {
    locations.set(id, undefined)
    if (filled + bytes.length > MAX_FRAME_PLAIN) await endFrame()
    plain.set(bytes, filled)
    filled += bytes.length
    total += bytes.length
    chunks.push({ id, length: bytes.length })
  }

  async function endFrame(): Promise<void> {
    const packed = threads.pack(plain, filled)
    packed.catch(() => {}) // thrown where its turn comes
    pending.push({ packed, chunks })
    plain = frameBuffers.take()
    filled = 0
    chunks = []
    if (pending.length >= FRAMES_AT_ONCE) await placeFrame()
  }

  async function placeFrame(): Promise<void> {
    const next = pending.shift()!
    const { codec, buffer, length } = await next.packed
    const frame = { codec, bytes: buffer.subarray(0, length), chunks: next.chunks }
    if (!builder.fits(frame)) await endBlock()
    const first = builder.add(frame)
    frameBuffers.give(buffer)
    for (const [i, { id }] of frame.chunks.entries()) locations.set(id, { block, chunk: first + i })
  }

  async function endBlock(): Promise<void> {
    const built = builder.finish()
    block.info = built.info
    const used = room
    room = blockBuffers.take()
    builder = createBlockBuilder(room)
    block = { info: undefined }
    await deliver(built, () => blockBuffers.give(used))
  }

  async function finish(): Promise<void> {
    if (filled > 0) await endFrame()
    while (pending.length > 0) await placeFrame()
    if (builder.chunkCount() > 0) await endBlock()
  }

  return {
    has: (id) => locations.has(id),
    add,
    finish,
    location: (id) => locations.get(id),
    plainBytes: () => total,
    close: () => threads.close(),
  }
}
