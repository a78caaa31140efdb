// Buffers of different sizes that are used again. Memory that is taken and freed in turns by several threads is not lost,
// but the C library leaves ever more of it lying about in pieces.
import { freeMemory } from '../core/free-memory.ts'

export interface BufferShelf {
  /** A whole buffer of at least `length` bytes, with any bytes in it. */
  take(length: number): Uint8Array<ArrayBuffer>
  /** Puts the buffer under `bytes` back: nobody may use it, or a part of it, after this. */
  give(bytes: Uint8Array): void
}

/** Sizes are multiples of this many bytes, so that most buffers fit most needs. */
const STEP = 64 * 1024

/** @param maxIdle bytes that lie on the shelf at most */
export function createBufferShelf(maxIdle: number): BufferShelf {
  const idle: Uint8Array<ArrayBuffer>[] = []
  let idleBytes = 0

  function take(length: number): Uint8Array<ArrayBuffer> {
    const size = Math.ceil(length / STEP) * STEP
    const place = bestFit(idle, size)
    return place < 0 ? Buffer.allocUnsafeSlow(size) : takeOff(place)
  }

  function takeOff(place: number): Uint8Array<ArrayBuffer> {
    const [buffer] = idle.splice(place, 1)
    idleBytes -= buffer!.length
    return buffer!
  }

  function give({ buffer }: Uint8Array): void {
    if (!(buffer instanceof ArrayBuffer) || buffer.detached || buffer.byteLength % STEP !== 0) return
    idle.push(new Uint8Array(buffer))
    idleBytes += buffer.byteLength
    while (idleBytes > maxIdle) freeMemory(takeOff(0))
  }

  return { take, give }
}

/** Place of the smallest buffer of at least `size` bytes, but none that would be half empty; -1 when there is none. */
function bestFit(buffers: readonly Uint8Array[], size: number): number {
  let best = -1
  for (const [place, { length }] of buffers.entries()) {
    if (length >= size && length <= 2 * size && length < (buffers[best]?.length ?? Infinity)) best = place
  }
  return best
}
