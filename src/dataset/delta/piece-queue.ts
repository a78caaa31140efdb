// The pieces of a delta, taken by numbers of bytes: an image has three parts, and pieces go over their borders.
import type { ByteSource } from '../../core/delta/byte-source.ts'
import type { DeltaPiece } from '../../core/delta/join-pieces.ts'
import { AetherError } from '../../core/errors.ts'

export interface PieceQueue {
  /** The next `length` bytes, as pieces. */
  take(length: number): AsyncGenerator<DeltaPiece>
  /** The next `length` bytes themselves. @param from the old image */
  takeBytes(length: number, from: ByteSource): Promise<Uint8Array>
  /** Reads on to the end of the delta. @throws {AetherError} `integrity` when there is more */
  finish(): Promise<void>
}

export function createPieceQueue(pieces: AsyncIterable<DeltaPiece>): PieceQueue {
  const iterator = pieces[Symbol.asyncIterator]()
  let held: DeltaPiece | undefined

  async function* take(length: number): AsyncGenerator<DeltaPiece> {
    for (let left = length; left > 0; ) {
      const piece = held ?? (await next())
      const [first, rest] = splitPiece(piece, left)
      held = rest
      left -= lengthOf(first)
      yield first
    }
  }

  async function next(): Promise<DeltaPiece> {
    const { value, done } = await iterator.next()
    if (done) throw new AetherError('integrity', 'The delta ends too early')
    return value
  }

  async function takeBytes(length: number, from: ByteSource): Promise<Uint8Array> {
    const parts: Uint8Array[] = []
    for await (const piece of take(length)) {
      parts.push('bytes' in piece ? Uint8Array.from(piece.bytes) : await from.read(piece.copyFrom, piece.length))
    }
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
  }

  async function finish(): Promise<void> {
    if (held !== undefined || !(await iterator.next()).done) throw new AetherError('integrity', 'The delta goes on')
  }

  return { take, takeBytes, finish }
}

export function lengthOf(piece: DeltaPiece): number {
  return 'bytes' in piece ? piece.bytes.length : piece.length
}

/** The first `length` bytes of a piece, and what is left of it. */
function splitPiece(piece: DeltaPiece, length: number): [first: DeltaPiece, rest: DeltaPiece | undefined] {
  return lengthOf(piece) <= length
    ? [piece, undefined]
    : [partOf(piece, 0, length), partOf(piece, length, lengthOf(piece))]
}

/** Its bytes from `begin` to `end`. How many of them are old is an estimate then: of joined ones nobody knows which. */
export function partOf(piece: DeltaPiece, begin: number, end: number): DeltaPiece {
  if ('bytes' in piece) {
    const { bytes, old } = piece
    const oldTo = (place: number) => Math.floor((old * place) / bytes.length)
    return { bytes: bytes.subarray(begin, end), old: oldTo(end) - oldTo(begin) }
  }
  return { copyFrom: piece.copyFrom + begin, length: end - begin }
}
