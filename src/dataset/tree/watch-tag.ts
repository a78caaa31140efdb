// Follows a tag by looking at it again and again.
import { setTimeout } from 'node:timers/promises'
import type { TagInfo } from '../../core/dataset.ts'
import { AetherError } from '../../core/errors.ts'

/** Milliseconds between looks. */
const INTERVAL = 2000

/**
 * Where the tag points now, and then each time it moves. A hub that is away is waited for. Ends when the signal is aborted.
 * @throws {AetherError} `not-found` when the tag is not there at the first look or is removed.
 */
export async function* watchTag(
  look: (signal?: AbortSignal) => Promise<TagInfo>,
  { intervalMs = INTERVAL, signal }: { intervalMs?: number; signal?: AbortSignal } = {},
): AsyncGenerator<TagInfo> {
  let last: TagInfo | undefined
  while (!signal?.aborted) {
    try {
      const now = await look(signal)
      const moved = now.digest !== last?.digest
      last = now
      if (moved) yield now
    } catch (error) {
      const passing =
        error instanceof AetherError &&
        (error.code === 'cancelled' || (error.code === 'unavailable' && last !== undefined))
      if (!passing) throw error
    }
    await setTimeout(intervalMs, undefined, { signal }).catch(() => {}) // aborted: the loop ends
  }
}
