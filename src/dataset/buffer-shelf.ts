// Buffers of different sizes that are used again. Memory that is taken and freed in turns by several threads is not lost,
// but the C library leaves ever more of it lying about in pieces.

export interface BufferShelf {
  /** A whole buffer of at least `length` bytes, with any bytes in it. */
  take(length: number): Uint8Array<ArrayBuffer>
  /** Puts the buffer under `bytes` back: nobody may use it, or a part of it, after this. */
  give(bytes: Uint8Array): void
}

/** Sizes are multiples of this many bytes, so that most buffers fit most needs. */
const STEP = 1024 * 1024

/** @param maxIdle buffers that lie on the shelf at most */
export function createBufferShelf(maxIdle: number): BufferShelf {
  const idle: Uint8Array<ArrayBuffer>[] = []

  function take(length: number): Uint8Array<ArrayBuffer> {
    const fitting = idle.filter((buffer) => buffer.length >= length).sort((a, b) => a.length - b.length)
    const best = fitting[0]
    if (best === undefined) return Buffer.allocUnsafeSlow(Math.ceil(length / STEP) * STEP)
    idle.splice(idle.indexOf(best), 1)
    return best
  }

  function give({ buffer }: Uint8Array): void {
    if (!(buffer instanceof ArrayBuffer) || buffer.detached || buffer.byteLength % STEP !== 0) return
    idle.push(new Uint8Array(buffer))
    if (idle.length > maxIdle) idle.shift()
  }

  return { take, give }
}
