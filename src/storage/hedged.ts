// Makes a read a second time when it takes much longer than nearly all others did, and takes the answer that comes first.
// Some requests meet a slow disk or a busy server, and their repetitions most often do not.
// Source: J. Dean and L. A. Barroso, "The Tail at Scale". What it gains: docs/decisions/0011-hedged-reads.md.
import { AetherError } from '../core/errors.ts'
import { stopIfAborted } from './check-options.ts'
import { type Clock, systemClock } from './clock.ts'
import { eitherSignal } from './either-signal.ts'
import type { Storage } from './storage.ts'
import { createUsualDuration, type UsualDuration } from './usual-duration.ts'
import { type StorageCall, wrapStorage } from './wrap-storage.ts'

export interface HedgedOptions {
  /** Second requests for each read at most, in the long run. @default 0.05 */
  share?: number
  clock?: Clock
}

/** How much longer than 95 % of the others a read has to take. */
const UNUSUAL = 1.5
/** Milliseconds below which no read is slow. */
const LEAST_DELAY = 25
/** Second requests that may come at once, after a time without any. Each may hold a read's bytes in memory. */
const MAX_SAVED = 4

export function hedged(storage: Storage, { share = 0.05, clock = systemClock }: HedgedOptions = {}): Storage {
  const kinds = new Map<string, UsualDuration>()
  let saved = 0

  function kindOf(call: StorageCall): UsualDuration {
    const name = kindName(call)
    const kind = kinds.get(name) ?? createUsualDuration()
    kinds.set(name, kind)
    return kind
  }

  function maySpend(): boolean {
    if (saved < 1) return false
    saved--
    return true
  }

  return wrapStorage(storage, async (call, perform) => {
    stopIfAborted(call.signal)
    if (call.operation !== 'get' && call.operation !== 'head') return perform(call.signal)
    saved = Math.min(MAX_SAVED, saved + share)
    const kind = kindOf(call)
    const begin = clock.now()
    const delay = Math.max(LEAST_DELAY, (kind.most() ?? Number.POSITIVE_INFINITY) * UNUSUAL)
    const onSlow = (again: () => void) =>
      delay < Infinity ? clock.after(delay, () => maySpend() && again()) : () => {}
    const answer = await firstAnswer(perform, call.signal, onSlow)
    kind.add(clock.now() - begin)
    return answer
  })
}

/** Reads whose sizes differ by less than four times take about as long. */
function kindName({ operation, size }: StorageCall): string {
  return `${operation} ${size === undefined ? 'whole' : Math.ceil(Math.log2(Math.max(1, size)) / 2)}`
}

/**
 * A failure that may pass is no answer while another request is under way.
 * @param onSlow calls its argument when a second request is due, unless what it answers is called before
 */
async function firstAnswer<T>(
  perform: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal | undefined,
  onSlow: (again: () => void) => () => void,
): Promise<T> {
  const stop = new AbortController()
  const first = Promise.withResolvers<T>()
  let open = 0
  const start = () => {
    open++
    perform(eitherSignal(signal, stop.signal)).then(first.resolve, (error: unknown) => {
      open--
      if (open === 0 || !isUnavailable(error)) first.reject(error)
    })
  }
  start()
  const cancel = onSlow(start)
  try {
    return await first.promise
  } finally {
    cancel()
    stop.abort()
  }
}

function isUnavailable(error: unknown): boolean {
  return error instanceof AetherError && error.code === 'unavailable'
}
