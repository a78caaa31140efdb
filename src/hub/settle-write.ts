// Conditional writes whose answer may be lost. Their repetition alone could not be told from somebody else's write, so the
// store is asked what became of them.
import { AetherError, toAetherError } from '../core/errors.ts'
import { retry } from '../core/retry.ts'
import type { Storage } from '../storage/storage.ts'
import { isUndone, withoutUndone } from '../storage/undone.ts'

/** The store has been asked in between, so there is no need to wait for long. */
const TRIES = { attempts: 3, firstDelay: 30 } as const

/**
 * Makes a conditional write, again when it is not known to be done. The condition must never hold again once the write, or
 * somebody else's, was carried out, so that a try that comes late does no harm.
 * @param isDone looks in the store whether it was this write that was carried out
 * @throws {AetherError} `conflict` when somebody else was first; `unavailable` when it is not known, or with
 *   `detail.undone` when surely nothing was done
 */
export async function settleWrite(
  write: () => Promise<unknown>,
  isDone: () => Promise<boolean>,
  signal?: AbortSignal,
): Promise<void> {
  let unclear = false // whether some try may have been carried out
  let repeat = false

  async function attempt(): Promise<void> {
    repeat = false
    try {
      await write()
    } catch (error) {
      const { code } = toAetherError(error)
      unclear ||= code === 'unavailable' && !isUndone(error)
      if (code !== 'conflict' && !unclear) throw error
      if (await isDone().catch(cannotTell)) return
      repeat = code === 'unavailable'
      throw error
    }
  }

  /** The write may be there, whatever it is that keeps us from seeing it. */
  function cannotTell(cause: unknown): never {
    unclear = true
    const { code, message, hint, detail } = toAetherError(cause)
    throw code === 'cancelled' ? cause : new AetherError('unavailable', message, { cause, hint, detail })
  }

  try {
    await retry(attempt, { ...TRIES, mayRetry: () => repeat }, signal)
  } catch (error) {
    throw unclear ? withoutUndone(error) : error
  }
}

/** Whether an object is there with just these bytes. */
export async function holds(storage: Storage, key: string, bytes: Uint8Array, signal?: AbortSignal): Promise<boolean> {
  try {
    const range = { offset: 0, length: bytes.length + 1 } // one more byte would tell a longer object
    return Buffer.compare((await storage.get(key, { range, signal })).bytes, bytes) === 0
  } catch (error) {
    if (error instanceof AetherError && error.code === 'not-found') return false
    throw error
  }
}
