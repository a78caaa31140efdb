// Long synchronous work in slices, between which the thread does what else is due.
import { setImmediate } from 'node:timers/promises'

const SLICE_MS = 10

/** @param step does a little and returns false when all is done. */
export async function inSlices(step: () => boolean, signal?: AbortSignal): Promise<void> {
  let end = performance.now() + SLICE_MS
  signal?.throwIfAborted()
  while (step()) {
    if (performance.now() < end) continue
    await setImmediate()
    signal?.throwIfAborted()
    end = performance.now() + SLICE_MS
  }
}
