// Modification times of a listing's entries, packed. The law for these bytes: docs/format.md, section 6.2.
import { AetherError } from './errors.ts'
import { createVarintReader, pushVarint } from './varint.ts'

/** The last time that there is, in the year 2112: the difference of two times, doubled, then still is a whole JavaScript number. */
export const MAX_MICROS = 2 ** 52 - 1

/** One whole number of microseconds since 1970, from 0 to MAX_MICROS, for each entry in listing order. */
export function encodeTimes(micros: readonly number[]): Buffer {
  const parts: Buffer[] = []
  let out: number[] = []
  let previous = 0
  for (const time of micros) {
    if (!Number.isInteger(time) || time < 0 || time > MAX_MICROS)
      throw new RangeError(`Not a time in microseconds: ${time}`)
    const step = time - previous
    pushVarint(out, step >= 0 ? step * 2 : -step * 2 - 1)
    previous = time
    if (out.length > 65536) {
      parts.push(Buffer.from(out))
      out = []
    }
  }
  return Buffer.concat([...parts, Buffer.from(out)])
}

/** @throws {AetherError} `invalid` when there are not exactly `count` times. */
export function decodeTimes(bytes: Uint8Array, count: number): number[] {
  const reader = createVarintReader(bytes, 'list of times')
  const micros: number[] = []
  let previous = 0
  for (let i = 0; i < count; i++) {
    const coded = reader.next()
    previous += coded % 2 === 0 ? coded / 2 : -(coded + 1) / 2
    if (previous < 0 || previous > MAX_MICROS)
      throw new AetherError('invalid', 'The list of times is malformed: a time is out of range')
    micros.push(previous)
  }
  if (!reader.done()) throw new AetherError('invalid', 'The list of times is malformed: it has bytes behind its end')
  return micros
}

/**
 * The nearest microsecond of a time in milliseconds, as `stat` gives it. A double of such milliseconds is a quarter of a
 * microsecond off at most, so what was set as a whole number of microseconds is read back as that number.
 */
export function microsOfMillis(millis: number): number {
  return clampMicros(Math.round(millis * 1000))
}

/** Times outside the range that a snapshot holds are moved to its border, so that an odd clock stops no push. */
export function clampMicros(micros: number): number {
  return Math.max(0, Math.min(MAX_MICROS, Math.floor(micros)))
}
