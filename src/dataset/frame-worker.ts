// A worker thread that packs and unpacks frames. Its heap is small, so that the garbage that zlib makes (a context and a
// buffer for each frame) is collected for next to nothing; on the main thread it cost a fifth of a push.
import { parentPort } from 'node:worker_threads'
import type { Codec } from '../core/block.ts'
import { toAetherError } from '../core/errors.ts'
import { decodeFrameSync, packFrameSync } from '../core/frame.ts'
import { freeMemory } from '../core/free-memory.ts'
import type { WorkerAnswer } from './worker-pool.ts'

/** Buffers of jobs and results move between the threads; they are never copied. */
export type FrameJob = { pack: PackJob } | { unpack: UnpackJob }
export type FrameResult = PackedInPlace | Unpacked

export interface PackJob {
  buffer: Uint8Array<ArrayBuffer>
  /** Plain bytes at the beginning of the buffer. */
  length: number
}

export interface PackedInPlace {
  codec: Codec
  /** The buffer of the job. */
  buffer: Uint8Array<ArrayBuffer>
  /** Stored bytes at its beginning. */
  length: number
}

export interface StoredFrame {
  codec: Codec
  /** First byte in the job's bytes. */
  offset: number
  length: number
  plainLength: number
}

export interface UnpackJob {
  bytes: Uint8Array<ArrayBuffer>
  frames: StoredFrame[]
  /** A buffer for the plain bytes of all frames. */
  plain: Uint8Array<ArrayBuffer>
}

/** The buffers of the job; in `plain`, the frames one behind the other. */
export type Unpacked = Pick<UnpackJob, 'bytes' | 'plain'>

parentPort?.on('message', (job: FrameJob) => {
  try {
    if ('pack' in job) pack(job.pack)
    else unpack(job.unpack)
  } catch (error) {
    const { code, message } = toAetherError(error)
    parentPort?.postMessage({ error: { code, message } } satisfies WorkerAnswer<FrameResult>)
  }
})

function pack({ buffer, length }: PackJob): void {
  const { codec, bytes } = packFrameSync(buffer.subarray(0, length))
  const result = { codec, buffer, length: bytes.length } // a buffer that was freed has no length
  if (bytes.buffer !== buffer.buffer) {
    buffer.set(bytes)
    freeMemory(bytes)
  }
  answer(result, [buffer.buffer])
}

function unpack({ bytes, frames, plain }: UnpackJob): void {
  let at = 0
  for (const { codec, offset, length, plainLength } of frames) {
    const frame = decodeFrameSync(codec, bytes.subarray(offset, offset + length), plainLength)
    plain.set(frame, at)
    if (frame.buffer !== bytes.buffer) freeMemory(frame)
    at += plainLength
  }
  answer({ bytes, plain }, [bytes.buffer, plain.buffer])
}

function answer(result: FrameResult, buffers: ArrayBuffer[]): void {
  parentPort?.postMessage({ result } satisfies WorkerAnswer<FrameResult>, buffers)
}
