// One range as a stream: the frames that hold it in their order, with the next ones on their way while a reader is busy with
// the first. How far ahead depends on the reader, who has to come for more, and on how much all of them have ahead together.
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
 * @param given hears of the part under each piece
 */
export async function* streamParts(
  cursor: FrameCursor,
  load: (run: FrameRun) => Begun['parts'],
  ahead: AheadRoom,
  given: (part: FramePart) => void,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const queue: { begun: Promise<Begun | undefined>; reserved: number }[] = []
  let size = FIRST_RUN
  let last: Promise<unknown> = Promise.resolve()

  function begin(reserved: number): void {
    const begun = last.then(() => cursor.take(size)).then((run) => run && { run, parts: load(run) })
    begun.catch(() => {}) // it is thrown where its turn comes
    last = begun
    queue.push({ begun, reserved })
  }

  function beginMore(): void {
    while (queue.length < RUNS_AHEAD && ahead.take(size)) begin(size)
  }

  try {
    for (let wanted = 0; ; wanted++) {
      if (queue.length === 0) begin(0)
      const { begun, reserved } = queue.shift()!
      ahead.give(reserved)
      const now = await unlessAborted(begun, signal)
      if (now === undefined) return
      if (wanted > 0) size = Math.min(size * 2, LONGEST_RUN)
      beginMore()
      yield* partsOf(now, given, signal)
    }
  } finally {
    for (const { reserved } of queue) ahead.give(reserved)
  }
}

async function* partsOf(
  { run, parts }: Begun,
  given: (part: FramePart) => void,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for (const [i, { from, end }] of run.spans.entries()) {
    const part = parts[i]!
    const there = part instanceof Promise ? await unlessAborted(part, signal) : part
    given(there)
    yield there.bytes.subarray(from - there.from, end - there.from)
  }
}
