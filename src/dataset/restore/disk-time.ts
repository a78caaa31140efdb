// Modification times between the microseconds of a record and what Node's file calls take and give.
import { microsOfMillis } from '../../core/times.ts'

/** For utimes and its like. A double of seconds is a quarter of a microsecond off at most, so `microsOf` gives the same back. */
export function secondsOf(micros: number): number {
  return micros / 1e6
}

/** Microseconds since 1970 of what `stat` says. */
export function microsOf(stat: { mtimeMs: number }): number {
  return microsOfMillis(stat.mtimeMs)
}
