// Frames: how a run of chunks is compressed, and decoded again without trusting what it says. docs/format.md, section 4.
import { promisify } from 'node:util'
import {
  constants,
  type ZstdOptions,
  zstdCompress,
  zstdCompressSync,
  zstdDecompress,
  zstdDecompressSync,
} from 'node:zlib'
import { type ChunkRef, CODEC_STORED, CODEC_ZSTD, type Codec, type Frame, MAX_FRAME_PLAIN } from './block.ts'
import { AetherError } from './errors.ts'
import { freeMemory } from './free-memory.ts'

const LEVEL = 1
/** Shortest match that zstd looks for, in bytes: decision 12. */
const MIN_MATCH = 5
/** Entries of the one table that matches are looked for in, as a power of two: decision 14. */
const HASH_LOG = 17
/** A frame is stored as it is when compression saves less than this part of it. */
const WORTHWHILE = 0.03

const compress = promisify<Uint8Array, ZstdOptions, Buffer>(zstdCompress)
const decompress = promisify<Uint8Array, ZstdOptions, Buffer>(zstdDecompress)

/** The bytes of a frame as they are stored. */
export interface PackedFrame {
  codec: Codec
  bytes: Uint8Array
}

/** Compresses the plain bytes of a frame on the thread pool. What does not compress is given back as it is. */
export async function packFrame(plain: Uint8Array): Promise<PackedFrame> {
  return worthwhile(plain, await compress(plain, encodeOptions(plain.length)))
}

/** As `packFrame`, on the calling thread: for workers. */
export function packFrameSync(plain: Uint8Array): PackedFrame {
  const packed = zstdCompressSync(plain, encodeOptions(plain.length))
  const result = worthwhile(plain, packed)
  if (result.bytes === plain) freeMemory(packed)
  return result
}

/** The frame of `chunks`, which have the bytes `plain`. */
export async function encodeFrame(plain: Uint8Array, chunks: ChunkRef[]): Promise<Frame> {
  const { codec, bytes } = await packFrame(plain)
  // zlib answers with a piece of a buffer as large as `chunkSize`; only a copy lets go of the rest.
  return { codec, bytes: codec === CODEC_STORED ? bytes : Buffer.from(bytes), chunks }
}

function encodeOptions(plainLength: number): ZstdOptions {
  return {
    params: {
      [constants.ZSTD_c_compressionLevel]: LEVEL,
      [constants.ZSTD_c_minMatch]: MIN_MATCH,
      [constants.ZSTD_c_hashLog]: HASH_LOG,
    },
    pledgedSrcSize: plainLength, // lets zstd choose tables and window for this size: a third faster
    chunkSize: plainLength + 1024, // the whole answer in one piece: fewer trips to the thread pool
  }
}

function worthwhile(plain: Uint8Array, packed: Uint8Array): PackedFrame {
  if (packed.length > plain.length * (1 - WORTHWHILE)) return { codec: CODEC_STORED, bytes: plain }
  return { codec: CODEC_ZSTD, bytes: packed }
}

/** A frame never needs a larger window than its plain bytes; one that asks for more is hostile. */
function decodeOptions(plainLength: number): ZstdOptions {
  return {
    params: { [constants.ZSTD_d_windowLogMax]: Math.log2(MAX_FRAME_PLAIN) },
    maxOutputLength: plainLength,
    chunkSize: plainLength + 64, // with room left over: a buffer that is just full makes zlib take another
  }
}

/**
 * The plain bytes of a frame, on the thread pool.
 * @throws {AetherError} `integrity` when they are not exactly `plainLength` bytes.
 */
export async function decodeFrame(codec: Codec, bytes: Uint8Array, plainLength: number): Promise<Uint8Array> {
  if (codec === CODEC_STORED) return checkLength(bytes, plainLength)
  try {
    return checkLength(await decompress(bytes, decodeOptions(plainLength)), plainLength)
  } catch (cause) {
    throw damaged(cause)
  }
}

/** As `decodeFrame`, on the calling thread: for workers. */
export function decodeFrameSync(codec: Codec, bytes: Uint8Array, plainLength: number): Uint8Array {
  if (codec === CODEC_STORED) return checkLength(bytes, plainLength)
  try {
    return checkLength(zstdDecompressSync(bytes, decodeOptions(plainLength)), plainLength)
  } catch (cause) {
    throw damaged(cause)
  }
}

function checkLength(plain: Uint8Array, expected: number): Uint8Array {
  if (plain.length !== expected) {
    throw new AetherError('integrity', `A frame holds ${plain.length} bytes where its index says ${expected}`)
  }
  return plain
}

function damaged(cause: unknown): AetherError {
  if (cause instanceof AetherError) return cause
  return new AetherError('integrity', 'A frame does not decode to what its index says', { cause })
}
