// Packs and unpacks frames beside the main thread: the first few on the thread pool, because small pushes and pulls are
// over before a worker has started; the rest on workers.
import { CODEC_STORED } from '../core/block.ts'
import { decodeFrame, packFrame } from '../core/frame.ts'
import { createBufferShelf } from './buffer-shelf.ts'
import type { FrameJob, FrameResult, PackedInPlace, StoredFrame, Unpacked } from './frame-worker.ts'
import { createWorkerPool, workerModule } from './worker-pool.ts'

export type { PackedInPlace, StoredFrame } from './frame-worker.ts'

export interface FrameThreads {
  /** Compresses the first `length` bytes of a buffer in place. The buffer may be another object in the answer. */
  pack(buffer: Uint8Array<ArrayBuffer>, length: number): Promise<PackedInPlace>
  /** A buffer of at least `length` bytes for what is to be unpacked. */
  take(length: number): Uint8Array<ArrayBuffer>
  /** Puts a buffer that was taken back: nobody may use it after this. */
  give(bytes: Uint8Array): void
  /**
   * The plain bytes of frames that lie in `bytes`, in their order. The buffer under `bytes` is not the caller's any more.
   * @throws {AetherError} `integrity` when one does not decode to its announced length
   */
  unpack(bytes: Uint8Array, frames: readonly StoredFrame[]): Promise<UnpackedFrames>
  /** Ends the workers. What is under way fails as `cancelled`. */
  close(): Promise<void>
}

export interface UnpackedFrames {
  frames: Uint8Array[]
  /** Says that the bytes of the frames are not used any more. */
  release(): void
}

/** Bytes of buffers that wait to be used again. */
const IDLE_BYTES = 32 * 1024 * 1024
/** Plain bytes for which no worker is started. */
const INLINE_BYTES = 4 * 1024 * 1024

export function createFrameThreads(inlineBytes = INLINE_BYTES): FrameThreads {
  const shelf = createBufferShelf(IDLE_BYTES)
  const workers = createWorkerPool<FrameJob, FrameResult>(workerModule('frame-worker', import.meta.url))
  let handled = 0

  function isSmall(plainBytes: number): boolean {
    handled += plainBytes
    return handled <= inlineBytes
  }

  async function pack(buffer: Uint8Array<ArrayBuffer>, length: number): Promise<PackedInPlace> {
    if (!isSmall(length)) return (await workers.run({ pack: { buffer, length } }, [buffer.buffer])) as PackedInPlace
    const { codec, bytes } = await packFrame(buffer.subarray(0, length))
    if (codec !== CODEC_STORED) buffer.set(bytes)
    return { codec, buffer, length: bytes.length }
  }

  async function unpack(bytes: Uint8Array, frames: readonly StoredFrame[]): Promise<UnpackedFrames> {
    const stored = frames.every(({ codec }) => codec === CODEC_STORED)
    return stored || isSmall(plainLengthOf(frames)) ? unpackHere(bytes, frames) : unpackThere(bytes, frames)
  }

  async function unpackHere(bytes: Uint8Array, stored: readonly StoredFrame[]): Promise<UnpackedFrames> {
    const frames = await Promise.all(
      stored.map(({ codec, offset, length, plainLength }) =>
        decodeFrame(codec, bytes.subarray(offset, offset + length), plainLength),
      ),
    )
    return { frames, release: () => shelf.give(bytes) }
  }

  async function unpackThere(bytes: Uint8Array, frames: readonly StoredFrame[]): Promise<UnpackedFrames> {
    const job = { bytes: movable(bytes), frames: [...frames], plain: shelf.take(plainLengthOf(frames)) }
    const { plain, bytes: used } = (await workers.run({ unpack: job }, [
      job.bytes.buffer,
      job.plain.buffer,
    ])) as Unpacked
    shelf.give(used)
    return { frames: split(plain, frames), release: () => shelf.give(plain) }
  }

  return { pack, take: shelf.take, give: shelf.give, unpack, close: () => workers.close() }
}

function plainLengthOf(frames: readonly StoredFrame[]): number {
  return frames.reduce((sum, { plainLength }) => sum + plainLength, 0)
}

/** Bytes move between threads with all of their buffer, so that must hold nothing else. */
function movable(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, length } = bytes
  const isAlone = buffer instanceof ArrayBuffer && byteOffset === 0 && buffer.byteLength > 2 * Buffer.poolSize
  return isAlone ? new Uint8Array(buffer, 0, length) : Uint8Array.from(bytes)
}

function split(plain: Uint8Array, frames: readonly StoredFrame[]): Uint8Array[] {
  let end = 0
  return frames.map(({ plainLength }) => {
    const begin = end
    end += plainLength
    return plain.subarray(begin, end)
  })
}
