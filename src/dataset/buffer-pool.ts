// Large buffers that are used again. Left to the garbage collector, they would pile up for hundreds of MiB before it looks.
import { freeMemory } from '../core/free-memory.ts'

export interface BufferPool {
  /** A buffer of the pool's size, with any bytes in it. */
  take(): Uint8Array<ArrayBuffer>
  /** Gives a buffer back, whole: nobody may use it, or a part of it, after this. */
  give(buffer: Uint8Array<ArrayBuffer>): void
}

/** @param keep idle buffers that are kept at most */
export function createBufferPool(size: number, keep: number): BufferPool {
  const idle: Uint8Array<ArrayBuffer>[] = []

  function take(): Uint8Array<ArrayBuffer> {
    return idle.pop() ?? Buffer.allocUnsafeSlow(size)
  }

  function give(buffer: Uint8Array<ArrayBuffer>): void {
    if (buffer.length === size && idle.length < keep) idle.push(buffer)
    else freeMemory(buffer)
  }

  return { take, give }
}
