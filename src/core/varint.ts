// Unsigned LEB128 numbers up to 2^53 - 1, as protobuf writes them.
import { AetherError, type ErrorCode } from './errors.ts'

/** Appends `value` to `out`. */
export function pushVarint(out: number[], value: number): void {
  while (value >= 128) {
    out.push((value % 128) | 128)
    value = Math.floor(value / 128)
  }
  out.push(value)
}

/** Reads numbers one after the other; every fault is an error of this code that names `what`. */
export function createVarintReader(
  bytes: Uint8Array,
  what: string,
  code: ErrorCode = 'invalid',
): { next(): number; take(length: number): Uint8Array; done(): boolean } {
  let at = 0
  const fault = (reason: string) => new AetherError(code, `The ${what} is malformed: ${reason}`)

  function next(): number {
    let value = 0
    let scale = 1
    for (;;) {
      const byte = bytes[at++]
      if (byte === undefined) throw fault('it is cut short')
      value += (byte & 127) * scale
      if (!Number.isSafeInteger(value)) throw fault('a number is too large')
      if (byte < 128) {
        if (byte === 0 && scale > 1) throw fault('a number has a second spelling')
        return value
      }
      scale *= 128
      if (scale > 2 ** 56) throw fault('a number is too large')
    }
  }

  function take(length: number): Uint8Array {
    if (at + length > bytes.length) throw fault('it is cut short')
    at += length
    return bytes.subarray(at - length, at)
  }

  return { next, take, done: () => at === bytes.length }
}
