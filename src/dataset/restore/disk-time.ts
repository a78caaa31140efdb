// Modification times between the microseconds of a record and what Node's file calls take and give.

/**
 * For utimes and its like. Half a microsecond is added, because a double of seconds is a quarter of one off at most: so
 * what comes to rest on the disk rounds down to exactly these microseconds.
 */
export function secondsOf(micros: number): number {
  return (micros + 0.5) / 1e6
}

/** Microseconds since 1970 of what `stat` says. */
export function microsOf(stat: { mtimeMs: number }): number {
  return Math.floor(stat.mtimeMs * 1000)
}
