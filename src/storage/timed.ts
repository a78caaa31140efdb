// Ends calls that take too long. A store that hangs would otherwise hold whoever waits for it, for ever.
import { AetherError } from '../core/errors.ts'
import { cancelled, stopIfAborted } from './check-options.ts'
import { type Clock, systemClock } from './clock.ts'
import { eitherSignal } from './either-signal.ts'
import type { Storage } from './storage.ts'
import { nameOf, type StorageCall, wrapStorage } from './wrap-storage.ts'

export interface TimedOptions {
  /** For any call, in milliseconds. @default 15_000 */
  base?: number
  /** What a call moves may come so slowly, in bytes a second; its time is added. @default 256 KiB */
  slowest?: number
  /** Calls that were given up and have not ended yet; with so many of them, further calls are refused. @default 32 */
  maxHung?: number
  clock?: Clock
}

/** What a call is taken to move of which only the answer will tell: a tag, a page of a list, most records. */
const UNKNOWN_SIZE = 1024 * 1024

/**
 * Calls whose time is over end with `unavailable`, and are aborted. A storage that is asked to stop must not look at the
 * bytes of a put any more: its caller may use them again.
 */
export function timed(storage: Storage, options: TimedOptions = {}): Storage {
  const { base = 15_000, slowest = 256 * 1024, maxHung = 32, clock = systemClock } = options
  let hung = 0 // each still holds what it was given, so there must not be any number of them
  const forget = () => hung--

  return wrapStorage(storage, async (call, perform) => {
    stopIfAborted(call.signal)
    if (hung >= maxHung) throw tooManyHang(call, hung)
    const time = base + ((call.size ?? UNKNOWN_SIZE) / slowest) * 1000
    const stop = new AbortController()
    const late = Promise.withResolvers<never>()
    const work = perform(eitherSignal(call.signal, stop.signal))
    const cancel = clock.after(time, () => {
      late.reject(call.signal?.aborted ? cancelled(call.signal) : tooLate(call, time))
      stop.abort()
      hung++
      work.then(forget, forget)
    })
    return Promise.race([work, late.promise]).finally(cancel)
  })
}

function tooLate(call: StorageCall, time: number): AetherError {
  return new AetherError('unavailable', `The store did not answer within ${Math.ceil(time / 1000)} s: ${nameOf(call)}`)
}

function tooManyHang(call: StorageCall, hung: number): AetherError {
  return new AetherError(
    'unavailable',
    `The store is not asked for ${nameOf(call)}: ${hung} calls before it were given up and have not ended`,
    { hint: 'If this lasts, start the hub again', detail: { undone: 'true' } },
  )
}
