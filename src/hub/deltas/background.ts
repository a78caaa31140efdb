// Deltas that are made before somebody asks: those who follow a channel want the one from where it was to where it is now.
import type { Digest } from '../../core/id.ts'
import type { DatasetName } from '../../core/names.ts'

/** Moves that wait at most; a further one is left to those who ask. */
const MAX_WAITING = 16

/** A move of a channel. */
export interface Move {
  dataset: DatasetName
  from: Digest
  to: Digest
}

export interface Background {
  add(move: Move): void
  /** Begins none any more. */
  close(): void
}

/** One is made at a time, so that there is room for those who wait for theirs. @param make one that fails is left out */
export function createBackground(make: (move: Move) => Promise<void>): Background {
  const waiting: Move[] = []
  let busy = false
  let closed = false

  function add(move: Move): void {
    const isThere = waiting.some(({ from, to }) => from === move.from && to === move.to)
    if (closed || isThere || waiting.length >= MAX_WAITING) return
    waiting.push(move)
    if (!busy) void run()
  }

  async function run(): Promise<void> {
    busy = true
    for (let move = waiting.shift(); move !== undefined; move = waiting.shift()) await make(move).catch(() => {})
    busy = false
  }

  function close(): void {
    closed = true
    waiting.length = 0
  }

  return { add, close }
}
