// Goes through what a delta makes, and reads of the old image only what somebody wants to see.
import type { ByteSource } from '../../core/delta/byte-source.ts'
import { malformed } from '../../core/delta/delta-format.ts'
import type { DeltaPiece } from '../../core/delta/join-pieces.ts'

/** A range of the old image. */
export interface Copy {
  from: number
  length: number
}

export interface PieceCursor {
  /** What is copied at this place, from here on; undefined where bytes are new. */
  copy(): Promise<Copy | undefined>
  /** At least one of the bytes from here on, at most `most`. They stay as they are until the place behind them is looked at. */
  look(most: number): Promise<Uint8Array>
  /** Goes on; not farther than what was copied or looked at. */
  skip(length: number): void
  /** @throws {AetherError} `integrity` when the delta makes more, or was not whole */
  finish(): Promise<void>
}

/** Bytes that are read of the old image at once. */
const READ_BYTES = 256 * 1024

export function createPieceCursor(pieces: AsyncGenerator<DeltaPiece>, old: ByteSource): PieceCursor {
  let copied: Copy | undefined
  let held: Uint8Array = new Uint8Array()

  async function fill(): Promise<void> {
    if (copied?.length === 0) copied = undefined
    if (copied || held.length > 0) return
    const { value, done } = await pieces.next()
    if (done) throw malformed('it makes less than it announces')
    if ('bytes' in value) held = value.bytes
    else copied = { from: value.copyFrom, length: value.length }
  }

  async function copy(): Promise<Copy | undefined> {
    await fill()
    return copied && { ...copied }
  }

  async function look(most: number): Promise<Uint8Array> {
    await fill()
    if (held.length === 0 && copied) held = await old.read(copied.from, Math.min(READ_BYTES, copied.length))
    return held.subarray(0, most)
  }

  function skip(length: number): void {
    if (copied) copied = { from: copied.from + length, length: copied.length - length }
    held = held.subarray(length) // of a copy as much as was read of it, if anything
  }

  async function finish(): Promise<void> {
    if ((copied?.length ?? 0) > 0 || held.length > 0 || !(await pieces.next()).done)
      throw malformed('it makes more than it announces')
  }

  return { copy, look, skip, finish }
}
