// Writes XDR (RFC 4506) as a list of parts, so that the bytes of files are not copied.
import { padded } from './xdr-reader.ts'

export interface XdrWriter {
  u32(value: number): XdrWriter
  u64(value: bigint): XdrWriter
  bool(value: boolean): XdrWriter
  fixed(bytes: Uint8Array): XdrWriter
  opaque(bytes: Uint8Array): XdrWriter
  /** One opaque value in pieces, which must stay as they are. */
  opaqueOf(pieces: readonly Uint8Array[]): XdrWriter
  /** Bytes so far. */
  readonly length: number
  /** All of it; nothing may be written behind. */
  parts(): Uint8Array[]
}

const FIRST_BYTES = 256

export function createXdrWriter(): XdrWriter {
  const done: Uint8Array[] = []
  let doneBytes = 0
  let open = Buffer.allocUnsafe(FIRST_BYTES)
  let end = 0

  /** @returns where `length` bytes may be written */
  function room(length: number): number {
    if (end + length > open.length) {
      const larger = Buffer.allocUnsafe(Math.max(open.length * 2, end + length))
      open.copy(larger, 0, 0, end)
      open = larger
    }
    end += length
    return end - length
  }

  function close(): void {
    if (end === 0) return
    done.push(open.subarray(0, end))
    doneBytes += end
    open = open.subarray(end)
    end = 0
  }

  const writer: XdrWriter = {
    u32(value) {
      const start = room(4) // which may put another buffer in its place
      open.writeUInt32BE(value, start)
      return writer
    },
    u64(value) {
      const start = room(8)
      open.writeBigUInt64BE(value, start)
      return writer
    },
    bool: (value) => writer.u32(value ? 1 : 0),
    fixed(bytes) {
      const start = room(padded(bytes.length))
      open.set(bytes, start)
      open.fill(0, start + bytes.length, end)
      return writer
    },
    opaque: (bytes) => writer.u32(bytes.length).fixed(bytes),
    opaqueOf(pieces) {
      const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
      writer.u32(length)
      close()
      done.push(...pieces)
      doneBytes += length
      const padding = padded(length) - length
      const start = room(padding)
      open.fill(0, start, start + padding)
      return writer
    },
    get length() {
      return doneBytes + end
    },
    parts() {
      close()
      return done
    },
  }
  return writer
}
