// How long calls of one kind take that are not unusually slow, by those that were made last.

/** Calls that are remembered. */
const REMEMBERED = 200
/** Calls before which nothing is known. */
const ENOUGH = 20
/** It is reckoned anew after so many calls. */
const EVERY = 10

export interface UsualDuration {
  /** Milliseconds that 95 % of the calls did not take; undefined when too few are known. */
  most(): number | undefined
  add(duration: number): void
}

export function createUsualDuration(): UsualDuration {
  const last: number[] = []
  let count = 0
  let most: number | undefined

  function add(duration: number): void {
    last[count++ % REMEMBERED] = duration
    if (count < ENOUGH || count % EVERY !== 0) return
    const sorted = last.toSorted((a, b) => a - b)
    most = sorted[Math.floor(sorted.length * 0.95)]
  }

  return { most: () => most, add }
}
