// Time as the wrappers see it, so that tests can bring their own.

export interface Clock {
  /** Milliseconds since some moment; never goes back. */
  now(): number
  /** Calls `ring` after that many milliseconds, unless the function that it answers is called before. */
  after(delay: number, ring: () => void): () => void
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after(delay, ring) {
    const timer = setTimeout(ring, delay)
    return () => clearTimeout(timer)
  },
}
