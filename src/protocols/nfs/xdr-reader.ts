// Reads XDR (RFC 4506). Every length is compared with its bound and with what is there before anything is taken.
import { AetherError } from '../../core/errors.ts'

/** All calls throw an AetherError `invalid` when the bytes are not what they should be. Bytes are views, not copies. */
export interface XdrReader {
  u32(): number
  u64(): bigint
  bool(): boolean
  /** Bytes of a known length, without the padding behind them. */
  fixed(length: number): Uint8Array
  /** Bytes that tell their own length. @param max bytes */
  opaque(max: number): Uint8Array
}

export function createXdrReader(bytes: Uint8Array): XdrReader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0

  /** @returns where `length` bytes begin */
  function take(length: number): number {
    if (length > bytes.length - at) throw malformed(`${length} bytes are announced and ${bytes.length - at} are there`)
    const start = at
    at += length
    return start
  }

  function u32(): number {
    return view.getUint32(take(4))
  }

  function bool(): boolean {
    const value = u32()
    if (value > 1) throw malformed(`${value} is no truth value`)
    return value === 1
  }

  function fixed(length: number): Uint8Array {
    const start = take(padded(length))
    return bytes.subarray(start, start + length)
  }

  function opaque(max: number): Uint8Array {
    const length = u32()
    if (length > max) throw malformed(`${length} bytes are announced where ${max} may be`)
    return fixed(length)
  }

  return { u32, u64: () => view.getBigUint64(take(8)), bool, fixed, opaque }
}

/** Everything in XDR takes a multiple of four bytes. */
export function padded(length: number): number {
  return Math.ceil(length / 4) * 4
}

function malformed(reason: string): AetherError {
  return new AetherError('invalid', `Cannot read XDR: ${reason}`)
}
