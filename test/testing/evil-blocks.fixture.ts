// Blocks that lie: each is named by its own SHA-256, so that only a look inside finds it out.
import { zstdCompressSync } from 'node:zlib'
import { type ChunkRef, CODEC_STORED, CODEC_ZSTD, encodeTail, type Frame } from '../../src/core/block.ts'
import { type ChunkId, sha256Hex } from '../../src/core/id.ts'
import { randomBytesOf } from './random.fixture.ts'

const KiB = 1024

function chunkOf(bytes: Uint8Array): ChunkRef {
  return { id: sha256Hex(bytes) as ChunkId, length: bytes.length }
}

/** A block of these frames, whatever they say. */
export function blockOf(...frames: Frame[]): Buffer {
  return Buffer.concat([...frames.map(({ bytes }) => bytes), encodeTail(frames)])
}

export function storedFrame(bytes: Uint8Array, chunks: ChunkRef[] = [chunkOf(bytes)]): Frame {
  return { codec: CODEC_STORED, bytes, chunks }
}

export function packedFrame(bytes: Uint8Array, chunks: ChunkRef[] = [chunkOf(bytes)]): Frame {
  return { codec: CODEC_ZSTD, bytes: zstdCompressSync(bytes), chunks }
}

/** The same block with other numbers in its footer. */
function withFooter(block: Buffer, change: (footer: Buffer) => void): Buffer {
  const copy = Buffer.from(block)
  change(copy.subarray(-16))
  return copy
}

const DATA = randomBytesOf(40 * KiB, 'data')
const GOOD = blockOf(storedFrame(DATA))
const BOMB = Buffer.alloc(64 * 1024 * KiB)

/** By what is wrong with them, and the words in which a hub says so. */
export const EVIL_BLOCKS: Record<string, { bytes: Buffer; words: RegExp }> = {
  'a chunk with the name of other bytes': {
    bytes: blockOf(storedFrame(DATA, [{ id: sha256Hex('other') as ChunkId, length: DATA.length }])),
    words: /chunk 0 does not have the bytes that its name says/,
  },
  'chunks whose border is elsewhere': {
    bytes: blockOf(storedFrame(DATA, [chunkOf(DATA.subarray(0, 100)), chunkOf(DATA.subarray(99))])),
    words: /a stored frame is not as long as its chunks/,
  },
  'a packed frame with fewer bytes than it says': {
    bytes: blockOf(packedFrame(DATA.subarray(1), [chunkOf(DATA)])),
    words: /holds 40959 bytes where its index says 40960/,
  },
  'a packed frame with more bytes than it says': {
    bytes: blockOf(packedFrame(DATA, [chunkOf(DATA.subarray(1))])),
    words: /does not decode to what its index says/,
  },
  'a bomb: 64 MiB in a frame that says 40 KiB': {
    bytes: blockOf(packedFrame(BOMB, [chunkOf(DATA)])),
    words: /does not decode to what its index says/,
  },
  'a frame that is no zstd': {
    bytes: blockOf({ ...storedFrame(DATA.subarray(0, 1000)), codec: CODEC_ZSTD, chunks: [chunkOf(DATA)] }),
    words: /does not decode to what its index says/,
  },
  'a frame with over 256 KiB': {
    bytes: blockOf(
      storedFrame(
        Buffer.alloc(257 * KiB),
        Array.from({ length: 257 }, () => chunkOf(Buffer.alloc(KiB))),
      ),
    ),
    words: /a frame has 263168 bytes/,
  },
  'a chunk with over 256 KiB': {
    bytes: blockOf(packedFrame(Buffer.alloc(257 * KiB))),
    words: /a chunk has 263168 bytes/,
  },
  'a chunk without bytes': {
    bytes: blockOf(storedFrame(DATA, [chunkOf(new Uint8Array()), chunkOf(DATA)])),
    words: /a chunk has 0 bytes/,
  },
  'a frame without chunks': { bytes: blockOf(storedFrame(DATA, [])), words: /a frame has 0 chunks/ },
  'too many chunks': {
    bytes: blockOf(storedFrame(Buffer.alloc(65_537), new Array(65_537).fill(chunkOf(Buffer.alloc(1))))),
    words: /a frame has 65537 chunks/,
  },
  'too many chunks in many frames': {
    bytes: blockOf(
      ...new Array(66).fill(storedFrame(Buffer.alloc(1000), new Array(1000).fill(chunkOf(Buffer.alloc(1))))),
    ),
    words: /it has over 65536 chunks/,
  },
  'over 64 MiB of plain bytes': {
    bytes: blockOf(...new Array(257).fill(packedFrame(Buffer.alloc(256 * KiB)))),
    words: /it holds over 67108864 plain bytes/,
  },
  'an unknown codec': {
    bytes: blockOf({ ...storedFrame(DATA), codec: 7 as 0 }),
    words: /the unknown codec 7/,
  },
  'another version': {
    bytes: withFooter(GOOD, (footer) => footer.writeUInt32LE(2, 8)),
    words: /it has format version 2, and this program reads 1/,
  },
  'an index that is longer than the block': {
    bytes: withFooter(GOOD, (footer) => footer.writeUInt32LE(GOOD.length, 0)),
    words: /its index is longer than it may be/,
  },
  'an index of 4 GiB': {
    bytes: withFooter(GOOD, (footer) => footer.writeUInt32LE(2 ** 32 - 1, 0)),
    words: /its index is longer than it may be/,
  },
  'more frames than it has': {
    bytes: withFooter(GOOD, (footer) => footer.writeUInt32LE(2, 4)),
    words: /it is cut short/,
  },
  'two to the 32 frames': {
    bytes: withFooter(GOOD, (footer) => footer.writeUInt32LE(2 ** 32 - 1, 4)),
    words: /it announces 4294967295 frames/,
  },
  'no footer': { bytes: GOOD.subarray(0, -16), words: /it has no footer/ },
  'bytes between frames and index': {
    bytes: Buffer.concat([DATA, Buffer.from('gap'), encodeTail([storedFrame(DATA)])]),
    words: /its frames do not fill it/,
  },
  'nothing but a footer': { bytes: encodeTail([]), words: /holds nothing/ },
}
