// One range as a stream: the frames that hold it in their order, with the next ones on their way while a reader is busy with
// the first. How far ahead depends on the reader, who has to come for more, and on how much all of them have ahead together.
import { stopIfAborted } from '../../storage/check-options.ts'
import { unlessAborted } from '../shared-work.ts'
import type { FramePart } from './frame-cache.ts'
import type { FrameCursor, FrameRun } from './frame-cursor.ts'

/** Bytes that are ahead of all readers together. */
export interface AheadRoom {
  /** Whether there is room, which is then taken. */
  take(bytes: number): boolean
  give(bytes: number): void
}

export function createAheadRoom(total: number): AheadRoom {
  let free = total
  return {
    take(bytes) {
      if (bytes > free) return false
      free -= bytes
      return true
    },
    give(bytes) {
      free += bytes
    },
  }
}

/** Bytes of a run at first, and later: short ones answer soon, long ones take few requests. */
const FIRST_RUN = 1024 * 1024
export const LONGEST_RUN = 4 * 1024 * 1024
/** Runs that one reader has on their way, besides the one that it reads. */
const RUNS_AHEAD = 2

interface Begun {
  run: FrameRun
  parts: (FramePart | Promise<FramePart>)[]
}

/**
 * Pieces of a range in order, as long as somebody asks for them.
 * @param load begins to bring the frames of a run
 * @param given hears of the part under each piece, and how long the piece is
 */
export async function* streamParts(
  cursor: FrameCursor,
  load: (run: FrameRun) => Begun['parts'],
  ahead: AheadRoom,
  given: (part: FramePart, length: number) => void,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const queue: { begun: Promise<Begun | undefined>; reserved: number }[] = []
  let size = FIRST_RUN
  let last: Promise<unknown> = Promise.resolve()

  async function begin(bytes: number): Promise<Begun | undefined> {
    const run = await cursor.take(bytes)
    return run && { run, parts: load(run) }
  }

  function beginMore(): void {
    while (!cursor.isAtEnd() && queue.length < RUNS_AHEAD && ahead.take(size)) {
      const reserved = size // which may grow before the turn of this one
      const begun = last.then(() => begin(reserved))
      begun.catch(() => {}) // it is thrown where its turn comes
      last = begun
      queue.push({ begun, reserved })
    }
  }

  function next(): Promise<Begun | undefined> {
    size = Math.min(size * 2, LONGEST_RUN)
    const { begun, reserved } = queue.shift() ?? { begun: begin(size), reserved: 0 }
    ahead.give(reserved)
    return unlessAborted(begun, signal)
  }

  function pieceOf({ run, parts }: Begun, i: number): Uint8Array | Promise<Uint8Array> {
    const part = parts[i]!
    const cut = (there: FramePart) => {
      const { from, end } = run.spans[i]!
      given(there, end - from)
      return there.bytes.subarray(from - there.from, end - there.from)
    }
    return part instanceof Promise ? unlessAborted(part, signal).then(cut) : cut(part)
  }

  stopIfAborted(signal) // what is in memory waits for nothing that would notice
  try {
    for (let begun = await begin(size); begun; begun = await next()) {
      beginMore()
      for (let i = 0; i < begun.parts.length; i++) yield pieceOf(begun, i)
    }
  } finally {
    for (const { reserved } of queue) ahead.give(reserved)
  }
}
