// Where little is between two changes, the operations of a delta are many and short. Their bytes are joined here, so that
// whoever takes them has something to do for a few hundred KiB and not for a row.
import type { Peeker } from './byte-source.ts'
import type { DeltaOp } from './delta-format.ts'

/** The next bytes of the new image: a long range of the old one, or bytes, which stay as they are until the next are asked for. */
export type DeltaPiece = { copyFrom: number; length: number } | JoinedBytes

export interface JoinedBytes {
  bytes: Uint8Array
  /** How many of them are of the old image. */
  old: number
}

/** Ranges of the old image from this length on, in bytes, are not read here: they may be known by other means. */
const LONG_COPY = 64 * 1024
/** Bytes that are joined at most. */
const JOINED = 256 * 1024

export interface PieceJoiner {
  /** What operations make. @param data their new bytes, one behind the other */
  join(ops: readonly DeltaOp[], data: Uint8Array): AsyncGenerator<DeltaPiece>
  /** The rest. */
  flush(): Generator<DeltaPiece>
}

export function createPieceJoiner(from: Peeker): PieceJoiner {
  const room = new Uint8Array(JOINED)
  let filled = 0
  let old = 0

  function* flush(): Generator<DeltaPiece> {
    if (filled === 0) return
    const piece = { bytes: room.subarray(0, filled), old }
    filled = old = 0
    yield piece
  }

  async function* join(ops: readonly DeltaOp[], data: Uint8Array): AsyncGenerator<DeltaPiece> {
    let at = 0
    for (const { copyFrom, copyLength, dataLength } of ops) {
      if (copyLength >= LONG_COPY) {
        yield* flush()
        yield { copyFrom, length: copyLength }
      } else if (copyLength > 0) {
        if (filled + copyLength > JOINED) yield* flush()
        await copy(copyFrom, copyLength)
      }
      for (const end = at + dataLength; at < end; ) {
        if (filled === JOINED) yield* flush()
        const part = data.subarray(at, Math.min(end, at + JOINED - filled))
        room.set(part, filled)
        filled += part.length
        at += part.length
      }
    }
  }

  async function copy(begin: number, length: number): Promise<void> {
    for (let done = 0; done < length; ) {
      const waiting = from.at(begin + done)
      const bytes = (waiting instanceof Promise ? await waiting : waiting).subarray(0, length - done)
      room.set(bytes, filled)
      filled += bytes.length
      done += bytes.length
    }
    old += length
  }

  return { join, flush }
}
