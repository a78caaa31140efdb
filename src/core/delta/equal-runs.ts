// How long two images are equal from two places on, or in front of them.
import type { Peeker } from './byte-source.ts'

/** Shortest run of equal bytes for which a copy is cheaper than leaving it to zstd. */
export const MIN_RUN = 32

/** Length of the run of equal bytes. */
export async function equalRun(old: Peeker, from: number, fresh: Peeker, to: number, end: number): Promise<number> {
  if (from < 0) return 0
  let length = 0
  while (to + length < Math.min(end, fresh.length) && from + length < old.length) {
    const waitA = old.at(from + length)
    const a = waitA instanceof Promise ? await waitA : waitA
    const waitB = fresh.at(to + length)
    const b = waitB instanceof Promise ? await waitB : waitB
    const most = Math.min(a.length, b.length, end - to - length)
    const same = equalBytes(a, b, most)
    length += same
    if (same < most) break
  }
  return length
}

const STEP = 4096

/** Length of the beginning that both have in common. */
function equalBytes(a: Uint8Array, b: Uint8Array, most: number): number {
  const buffer = Buffer.from(a.buffer, a.byteOffset, a.length)
  let at = 0
  for (; at + STEP <= most; at += STEP) if (buffer.compare(b, at, at + STEP, at, at + STEP) !== 0) break
  while (at < most && a[at] === b[at]) at++
  return at
}

/**
 * Where, in `bytes`, a run of so many equal bytes ends; or, when none does, the length of the run that is open at the end,
 * as -1 - length.
 */
export function runEnd(bytes: Uint8Array, begin: number, other: Uint8Array, count: number, open: number): number {
  let run = open
  for (let i = 0; i < count; i++) {
    if (bytes[begin + i] !== other[i]) run = 0
    else if (++run === MIN_RUN) return begin + i + 1
  }
  return -1 - run
}

/** Length of the run of equal bytes in front of two places, down to `least` in the new image. */
export async function equalRunBefore(
  old: Peeker,
  from: number,
  fresh: Peeker,
  to: number,
  least: number,
): Promise<number> {
  const most = Math.min(from, to - least, LOOK_BACK)
  const a = await old.range(from - most, most)
  const b = await fresh.range(to - most, most)
  let length = 0
  while (length < most && a[most - 1 - length] === b[most - 1 - length]) length++
  return length
}

/** How far a match is followed back from its sample, in bytes. */
const LOOK_BACK = 8 * 1024
