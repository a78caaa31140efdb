// Callers who want the same result at the same moment share the work for it. One who goes away does not end it for the others;
// when the last one has gone it is stopped.
import { AetherError } from '../core/errors.ts'

export interface SharedWork<K, T> {
  /**
   * Joins the work under way for `key`, or begins it.
   * @throws {AetherError} `cancelled` for a caller whose signal is aborted, and whatever the work throws
   */
  run(key: K, begin: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T>
}

/** A piece of work that several wait for. */
export interface UnderWay<T> {
  result: Promise<T>
  waiting: number
  stop: AbortController
}

export function createSharedWork<K, T>(): SharedWork<K, T> {
  const underWay = new Map<K, UnderWay<T>>()

  function start(key: K, begin: (signal: AbortSignal) => Promise<T>): UnderWay<T> {
    const stop = new AbortController()
    const work = { result: begin(stop.signal), waiting: 0, stop }
    const forget = () => void (underWay.get(key) === work && underWay.delete(key))
    stop.signal.addEventListener('abort', forget) // who comes now begins anew
    work.result.then(forget, forget)
    underWay.set(key, work)
    return work
  }

  async function run(key: K, begin: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (signal?.aborted) throw cancelled(signal)
    return waitFor(underWay.get(key) ?? start(key, begin), signal)
  }

  return { run }
}

/** The last one who leaves stops the work. */
export async function waitFor<T>(work: UnderWay<T>, signal: AbortSignal | undefined): Promise<T> {
  work.waiting++
  try {
    return await unlessAborted(work.result, signal)
  } finally {
    if (--work.waiting === 0) work.stop.abort()
  }
}

/** The result of `work`, or an end to the waiting for it. */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  return new Promise((resolve, reject) => {
    const leave = () => reject(cancelled(signal))
    if (signal.aborted) leave()
    signal.addEventListener('abort', leave, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
  })
}

function cancelled(signal: AbortSignal): AetherError {
  return new AetherError('cancelled', 'Cancelled', { cause: signal.reason })
}
