// Blocks: immutable stored objects that pack the frames of many chunks. The law for these bytes: docs/format.md, sections 4 and 5.

import { MAX_CHUNK } from './chunker.ts'
import { AetherError } from './errors.ts'
import { type BlockId, type ChunkId, ID_BYTES, idFromBytes, idToBytes, sha256Hex } from './id.ts'
import { createVarintReader, pushVarint } from './varint.ts'

export const CODEC_STORED = 0
export const CODEC_ZSTD = 1
export type Codec = typeof CODEC_STORED | typeof CODEC_ZSTD

/** Plain bytes of a frame at most. */
export const MAX_FRAME_PLAIN = MAX_CHUNK
/** Frame bytes after which a block is closed. */
export const BLOCK_TARGET = 16 * 1024 * 1024
/** Plain bytes of a block at most: bounds what checking one block costs. */
export const MAX_BLOCK_PLAIN = 64 * 1024 * 1024
/** Chunks of a block at most. */
export const MAX_BLOCK_CHUNKS = 65_536
/** Bytes of a tail at most. */
export const MAX_TAIL = 4 * 1024 * 1024
/** Bytes of a whole block at most. */
export const MAX_BLOCK = BLOCK_TARGET + MAX_FRAME_PLAIN + MAX_TAIL

export const FOOTER_BYTES = 16
const MAGIC = 'AFSB'
const FORMAT_VERSION = 1

/** A chunk's name and plain length. */
export interface ChunkRef {
  id: ChunkId
  length: number
}

/** A run of consecutive new chunks, as it is stored. */
export interface Frame {
  codec: Codec
  bytes: Uint8Array
  chunks: ChunkRef[]
}

/** A frame without its bytes. */
export type FrameShape = Omit<Frame, 'bytes'> & { bytes: { length: number } }

/** What a record says of a block, so that a reader need not trust the block's bytes. */
export interface BlockInfo {
  id: BlockId
  /** Bytes of the whole object. */
  size: number
  /** Bytes of index and footer. */
  tailSize: number
  /** SHA-256 of the tail, hex. */
  tailHash: string
}

export interface BuiltBlock {
  info: BlockInfo
  /** The object, in the buffer that the builder was given. */
  bytes: Uint8Array
  index: BlockIndex
}

export interface BlockBuilder {
  /** False when the frame has no room here any more; then finish this block and begin another. */
  fits(frame: Frame): boolean
  /** Copies a frame in; returns the place of its first chunk in the block. */
  add(frame: Frame): number
  chunkCount(): number
  finish(): BuiltBlock
}

/** Packs frames into one block. @param buffer where the block is written, MAX_BLOCK bytes */
export function createBlockBuilder(buffer: Uint8Array = Buffer.allocUnsafeSlow(MAX_BLOCK)): BlockBuilder {
  const frames: FrameShape[] = []
  let stored = 0
  let plain = 0
  let chunks = 0

  function fits(frame: Frame): boolean {
    return (
      frames.length === 0 ||
      (stored < BLOCK_TARGET &&
        plain + plainLength(frame) <= MAX_BLOCK_PLAIN &&
        chunks + frame.chunks.length <= MAX_BLOCK_CHUNKS)
    )
  }

  function add(frame: Frame): number {
    buffer.set(frame.bytes, stored)
    frames.push({ codec: frame.codec, bytes: { length: frame.bytes.length }, chunks: frame.chunks })
    stored += frame.bytes.length
    plain += plainLength(frame)
    chunks += frame.chunks.length
    return chunks - frame.chunks.length
  }

  function finish(): BuiltBlock {
    const tail = encodeTail(frames)
    buffer.set(tail, stored)
    const bytes = buffer.subarray(0, stored + tail.length)
    const info = {
      id: sha256Hex(bytes) as BlockId,
      size: bytes.length,
      tailSize: tail.length,
      tailHash: sha256Hex(tail),
    }
    return { info, bytes, index: decodeTail(tail, bytes.length) }
  }

  return { fits, add, chunkCount: () => chunks, finish }
}

/** Plain bytes of all chunks of a frame. */
export function plainLength(frame: { chunks: ChunkRef[] }): number {
  return frame.chunks.reduce((sum, chunk) => sum + chunk.length, 0)
}

/** The index and the footer of a block with these frames. */
export function encodeTail(frames: readonly FrameShape[]): Buffer {
  const parts: Uint8Array[] = []
  for (const frame of frames) {
    const head: number[] = []
    pushVarint(head, frame.bytes.length)
    pushVarint(head, frame.codec)
    pushVarint(head, frame.chunks.length)
    for (const chunk of frame.chunks) pushVarint(head, chunk.length)
    parts.push(Buffer.from(head), ...frame.chunks.map((chunk) => idToBytes(chunk.id)))
  }
  const index = Buffer.concat(parts)
  return Buffer.concat([index, encodeFooter(index.length, frames.length)])
}

function encodeFooter(indexLength: number, frameCount: number): Buffer {
  const footer = Buffer.alloc(FOOTER_BYTES)
  footer.writeUInt32LE(indexLength, 0)
  footer.writeUInt32LE(frameCount, 4)
  footer.writeUInt32LE(FORMAT_VERSION, 8)
  footer.write(MAGIC, 12, 'latin1')
  return footer
}

/** Where the chunks of a block lie. Flat arrays, because a hub keeps many of these. */
export interface BlockIndex {
  /** Start of each frame in the block; one more entry for the end of the last. */
  frameStart: Uint32Array
  frameCodec: Uint8Array
  /** Place of each frame's first chunk; one more entry for the count of all. */
  frameFirst: Uint32Array
  /** Start of each chunk in the plain bytes of the block; one more entry for their sum. */
  chunkStart: Uint32Array
  /** 32 bytes for each chunk. */
  chunkIds: Buffer
}

/** The bytes that the footer at the end of `end` announces as tail. @throws {AetherError} `integrity` */
export function tailSize(end: Uint8Array, blockSize: number): number {
  const footer = Buffer.from(end.buffer, end.byteOffset, end.length).subarray(-FOOTER_BYTES)
  if (footer.length < FOOTER_BYTES || footer.toString('latin1', 12) !== MAGIC) throw damaged('it has no footer')
  if (footer.readUInt32LE(8) !== FORMAT_VERSION)
    throw damaged(`it has format version ${footer.readUInt32LE(8)}, and this program reads ${FORMAT_VERSION}`)
  const size = footer.readUInt32LE(0) + FOOTER_BYTES
  if (size > MAX_TAIL || size > blockSize) throw damaged('its index is longer than it may be')
  return size
}

/**
 * Reads the tail of a block of `blockSize` bytes and checks every length in it.
 * @throws {AetherError} `integrity`
 */
export function decodeTail(tail: Uint8Array, blockSize: number): BlockIndex {
  if (tailSize(tail, blockSize) !== tail.length) throw damaged('its index does not have the announced length')
  const frameCount = Buffer.from(tail.buffer, tail.byteOffset, tail.length).readUInt32LE(tail.length - FOOTER_BYTES + 4)
  if (frameCount === 0 || frameCount > MAX_BLOCK_CHUNKS) throw damaged(`it announces ${frameCount} frames`)
  const draft = readFrames(tail.subarray(0, -FOOTER_BYTES), frameCount)
  if (draft.frameStart.at(-1) !== blockSize - tail.length) throw damaged('its frames do not fill it')
  return {
    frameStart: Uint32Array.from(draft.frameStart),
    frameCodec: Uint8Array.from(draft.frameCodec),
    frameFirst: Uint32Array.from(draft.frameFirst),
    chunkStart: Uint32Array.from(draft.chunkStart),
    chunkIds: Buffer.concat(draft.ids),
  }
}

function readFrames(index: Uint8Array, frameCount: number) {
  const reader = createVarintReader(index, 'block index', 'integrity')
  const draft = {
    frameStart: [0],
    frameCodec: [] as number[],
    frameFirst: [0],
    chunkStart: [0],
    ids: [] as Uint8Array[],
  }
  for (let frame = 0; frame < frameCount; frame++) {
    const stored = reader.next()
    const codec = reader.next()
    const count = reader.next()
    checkFrame(stored, codec, count)
    const begin = draft.chunkStart.at(-1)!
    for (let i = 0; i < count; i++) draft.chunkStart.push(draft.chunkStart.at(-1)! + checkedLength(reader.next()))
    draft.ids.push(reader.take(count * ID_BYTES))
    checkPlain(draft.chunkStart.at(-1)! - begin, stored, codec)
    draft.frameStart.push(draft.frameStart.at(-1)! + stored)
    draft.frameCodec.push(codec)
    draft.frameFirst.push(draft.frameFirst.at(-1)! + count)
    if (draft.chunkStart.length > MAX_BLOCK_CHUNKS + 1) throw damaged(`it has over ${MAX_BLOCK_CHUNKS} chunks`)
    if (draft.chunkStart.at(-1)! > MAX_BLOCK_PLAIN) throw damaged(`it holds over ${MAX_BLOCK_PLAIN} plain bytes`)
  }
  if (!reader.done()) throw damaged('its index has bytes behind its end')
  return draft
}

function checkFrame(stored: number, codec: number, count: number): void {
  if (stored < 1 || stored > MAX_FRAME_PLAIN) throw damaged(`a frame has ${stored} bytes`)
  if (codec !== CODEC_STORED && codec !== CODEC_ZSTD) throw damaged(`a frame has the unknown codec ${codec}`)
  if (count < 1 || count > MAX_BLOCK_CHUNKS) throw damaged(`a frame has ${count} chunks`)
}

function checkPlain(plain: number, stored: number, codec: number): void {
  if (plain > MAX_FRAME_PLAIN) throw damaged(`a frame holds over ${MAX_FRAME_PLAIN} plain bytes`)
  if (codec === CODEC_STORED && plain !== stored) throw damaged('a stored frame is not as long as its chunks')
}

function checkedLength(length: number): number {
  if (length < 1 || length > MAX_CHUNK) throw damaged(`a chunk has ${length} bytes`)
  return length
}

export function chunkCount(index: BlockIndex): number {
  return index.chunkStart.length - 1
}

export function frameCount(index: BlockIndex): number {
  return index.frameCodec.length
}

export function chunkIdAt(index: BlockIndex, chunk: number): ChunkId {
  return idFromBytes(index.chunkIds.subarray(chunk * ID_BYTES, (chunk + 1) * ID_BYTES))
}

export function chunkLengthAt(index: BlockIndex, chunk: number): number {
  return index.chunkStart[chunk + 1]! - index.chunkStart[chunk]!
}

/** The frame that holds a chunk. */
export function frameOfChunk(index: BlockIndex, chunk: number): number {
  return lastAtMost(index.frameFirst, chunk)
}

/** Place of the last element that is at most `value` in an ascending array whose first is. */
export function lastAtMost(ascending: ArrayLike<number>, value: number): number {
  let low = 0
  let high = ascending.length - 1
  while (low < high) {
    const middle = (low + high + 1) >>> 1
    if (ascending[middle]! <= value) low = middle
    else high = middle - 1
  }
  return low
}

function damaged(reason: string): AetherError {
  return new AetherError('integrity', `A block is damaged: ${reason}`)
}
