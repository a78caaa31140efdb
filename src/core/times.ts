// Modification times of a listing's entries, packed. The law for these bytes: docs/format.md, section 6.2.
import { AetherError } from './errors.ts'
import { createVarintReader, pushVarint } from './varint.ts'

/** The last time that there is, in the year 2112: the difference of two times, doubled, then still is a whole JavaScript number. */
export const MAX_MICROS = 2 ** 52 - 1

/** One whole number of microseconds since 1970, from 0 to MAX_MICROS, for each entry in listing order. */
export function encodeTimes(micros: Iterable<number>): Buffer {
  return Buffer.concat([...timesPieces(micros)])
}

/** Numbers that are gathered before they become bytes. */
const PIECE_LENGTH = 64 * 1024

/** The same piece by piece, for writers that do not hold the whole. */
export function* timesPieces(micros: Iterable<number>): Generator<Buffer> {
  let out: number[] = []
  let previous = 0
  for (const time of micros) {
    if (!Number.isInteger(time) || time < 0 || time > MAX_MICROS)
      throw new RangeError(`Not a time in microseconds: ${time}`)
    const step = time - previous
    pushVarint(out, step >= 0 ? step * 2 : -step * 2 - 1)
    previous = time
    if (out.length >= PIECE_LENGTH) {
      yield Buffer.from(out)
      out = []
    }
  }
  yield Buffer.from(out)
}

/** @throws {AetherError} `invalid` when there are not exactly `count` times. */
export function decodeTimes(bytes: Uint8Array, count: number): Float64Array {
  const micros = new Float64Array(count)
  let length = 0
  const decoder = createTimesDecoder(count, (time) => {
    micros[length++] = time
  })
  decoder.push(bytes)
  decoder.end()
  return micros
}

/** Bytes of the longest varint that is read. */
const MAX_VARINT = 8

export interface TimesDecoder {
  /** @throws {AetherError} `invalid` */
  push(piece: Uint8Array): void
  /** @throws {AetherError} `invalid` when times are missing. */
  end(): void
}

/** Reads a list of `count` times piece by piece, for readers that do not hold the whole. */
export function createTimesDecoder(count: number, take: (micros: number) => void): TimesDecoder {
  let rest: Uint8Array = new Uint8Array()
  let previous = 0
  let seen = 0

  function push(piece: Uint8Array): void {
    const bytes = rest.length > 0 ? Buffer.concat([rest, piece]) : piece
    const whole = bytes.findLastIndex((byte) => byte < 128) + 1 // the last byte of a varint has no high bit
    const reader = createVarintReader(bytes.subarray(0, whole), WHAT)
    while (!reader.done()) takeNext(reader.next())
    rest = bytes.subarray(whole)
    if (rest.length > MAX_VARINT) throw malformed('a number is too large')
  }

  function takeNext(coded: number): void {
    if (seen++ === count) throw malformed('it has bytes behind its end')
    previous += coded % 2 === 0 ? coded / 2 : -(coded + 1) / 2
    if (previous < 0 || previous > MAX_MICROS) throw malformed('a time is out of range')
    take(previous)
  }

  function end(): void {
    if (seen < count || rest.length > 0) throw malformed('it is cut short')
  }

  return { push, end }
}

const WHAT = 'list of times'

function malformed(reason: string): AetherError {
  return new AetherError('invalid', `The ${WHAT} is malformed: ${reason}`)
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
