// What tells, without reading it, that a file is as it was.
import type { Stats } from 'node:fs'

/** A write this short before the walk may be followed by one that leaves the times as they are. */
const FRESH_MS = 250
/** The same where the file system keeps whole seconds (or, as FAT does, every second one). */
const FRESH_COARSE_MS = 2000

export type StampedStat = Pick<Stats, 'size' | 'mtimeMs' | 'ctimeMs' | 'ino'>

const numbers = new Float64Array(4)
const bytes = Buffer.from(numbers.buffer)

/**
 * Equal when size, times and inode are: the four numbers, packed, because printing them would cost five times as much for
 * each of a million files. The times are floating point milliseconds, exact to a quarter of a microsecond: finer than any
 * kernel's clock ticks for files. The device is not part of it, since its number may change with every mount.
 */
export function stampOf(stat: StampedStat): string {
  numbers[0] = stat.size
  numbers[1] = stat.mtimeMs
  numbers[2] = stat.ctimeMs
  numbers[3] = stat.ino
  return bytes.toString('latin1')
}

/**
 * Whether two stamps differ in nothing but the time of the last change to the inode, as they do when a link was made: another
 * push of the same files may keep them meanwhile. A write sets the other time as well.
 */
export function isSameButLinked(a: string, b: string): boolean {
  return a.slice(0, CTIME) === b.slice(0, CTIME) && a.slice(CTIME + NUMBER) === b.slice(CTIME + NUMBER)
}

/** Whether a file is as it was listed, but for a link that was made to it since. A file without one has no such excuse. */
export function isAsListed(stat: StampedStat & Pick<Stats, 'nlink'>, listed: string): boolean {
  const now = stampOf(stat)
  return now === listed || (stat.nlink > 1 && isSameButLinked(now, listed))
}

/** The number of the inode in a stamp. */
export function inodeIn(stamp: Uint8Array): number {
  bytes.set(stamp)
  return numbers[3]!
}

const NUMBER = Float64Array.BYTES_PER_ELEMENT
/** Where the time of the last change stands in a stamp. */
const CTIME = 2 * NUMBER

/**
 * False for what git calls racily clean: a file that was changed so shortly before `nowMs` (or after it, or in a future
 * that some clock believes in) that one more change could leave the same times behind.
 */
export function isSettled(mtimeMs: number, ctimeMs: number, nowMs: number): boolean {
  return isPast(mtimeMs, nowMs) && isPast(ctimeMs, nowMs)
}

function isPast(timeMs: number, nowMs: number): boolean {
  return timeMs < nowMs - (timeMs % 1000 === 0 ? FRESH_COARSE_MS : FRESH_MS)
}
