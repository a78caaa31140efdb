// Bytes a second over the last few seconds: steady enough to read, quick enough to show that a network has stalled.

const WINDOW_MS = 5000

export interface Rate {
  add(atMs: number, bytes: number): void
  /** Bytes a second, or undefined while it is too early to tell. */
  perSecond(nowMs: number): number | undefined
}

export function createRate(): Rate {
  const samples: { at: number; bytes: number }[] = []
  return {
    add(at, bytes) {
      const last = samples.at(-1)
      if (last !== undefined && at - last.at < 100 && samples.length > 1) last.bytes = bytes
      else samples.push({ at, bytes })
      // One sample older than the window stays, so that there is always a span to measure.
      while (samples.length > 2 && samples[1]!.at < at - WINDOW_MS) samples.shift()
    },
    perSecond(now) {
      const first = samples[0]
      const last = samples.at(-1)
      if (first === undefined || last === undefined || now - first.at < 200) return undefined
      return ((last.bytes - first.bytes) * 1000) / (now - first.at)
    },
  }
}
