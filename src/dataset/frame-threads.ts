// Packs and unpacks frames beside the main thread: the first few on the thread pool, because small pushes and pulls are
// over before a worker has started; the rest on workers.
import { CODEC_STORED } from '../core/block.ts'
import { decodeFrame, packFrame } from '../core/frame.ts'
import type { FrameJob, FrameResult, PackedInPlace, StoredFrame, Unpacked } from './frame-worker.ts'
import { createWorkerPool, workerModule } from './worker-pool.ts'

export type { PackedInPlace, StoredFrame } from './frame-worker.ts'

export interface FrameThreads {
  /** Compresses the first `length` bytes of a buffer in place. The buffer may be another object in the answer. */
  pack(buffer: Uint8Array<ArrayBuffer>, length: number): Promise<PackedInPlace>
  /**
   * The plain bytes of frames that lie in `bytes`, in their order. The bytes are not usable here any more.
   * @throws {AetherError} `integrity` when one does not decode to its announced length
   */
  unpack(bytes: Uint8Array, frames: readonly StoredFrame[]): Promise<Uint8Array[]>
  /** Ends the workers. What is under way fails as `cancelled`. */
  close(): Promise<void>
}

/** Plain bytes for which no worker is started. */
const INLINE_BYTES = 4 * 1024 * 1024

export function createFrameThreads(inlineBytes = INLINE_BYTES): FrameThreads {
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

  async function unpack(bytes: Uint8Array, frames: readonly StoredFrame[]): Promise<Uint8Array[]> {
    if (frames.every(({ codec }) => codec === CODEC_STORED) || isSmall(plainLengthOf(frames))) {
      return await Promise.all(
        frames.map((frame) => decodeFrame(frame.codec, storedBytes(bytes, frame), frame.plainLength)),
      )
    }
    const own = ownBytes(bytes)
    const { plain } = (await workers.run({ unpack: { bytes: own, frames: [...frames] } }, [own.buffer])) as Unpacked
    return split(plain, frames)
  }

  return { pack, unpack, close: () => workers.close() }
}

function plainLengthOf(frames: readonly StoredFrame[]): number {
  return frames.reduce((sum, { plainLength }) => sum + plainLength, 0)
}

function storedBytes(bytes: Uint8Array, { offset, length }: StoredFrame): Uint8Array {
  return bytes.subarray(offset, offset + length)
}

/** Only whole buffers can move between threads: a part of one would take the rest along. */
function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes
  return buffer instanceof ArrayBuffer && buffer.byteLength === bytes.length
    ? new Uint8Array(buffer)
    : Uint8Array.from(bytes)
}

function split(plain: Uint8Array, frames: readonly StoredFrame[]): Uint8Array[] {
  let end = 0
  return frames.map(({ plainLength }) => {
    const begin = end
    end += plainLength
    return plain.subarray(begin, end)
  })
}
