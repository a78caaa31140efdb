// Bodies that crawl would keep the places of others.
import { AetherError } from '../core/errors.ts'

/** Milliseconds between two looks. */
const LOOK_AFTER = 20_000
/** A body that is slower than this over that long gives its place up, in bytes a second. */
const SLOWEST = 16 * 1024

/** To be told how much has come so far. @throws {AetherError} `unavailable` when it was too little since the last look */
export function createPace(now: () => number = performance.now.bind(performance)): (length: number) => void {
  let from = { time: now(), length: 0 }
  return (length) => {
    const elapsed = now() - from.time
    if (elapsed < LOOK_AFTER) return
    if ((length - from.length) * 1000 < SLOWEST * elapsed) {
      throw new AetherError(
        'unavailable',
        `The body comes in at under ${SLOWEST} bytes a second, and others wait for its place`,
      )
    }
    from = { time: now(), length }
  }
}
