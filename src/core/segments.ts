// How content is cut into segments, each of which is chunked by itself. Rule: docs/format.md, section 3.
import { MIN_CHUNK } from './chunker.ts'

/** A large file alone, or a run of small neighbours whose bytes flow together. */
export interface Segment {
  /** Place of the segment among all. */
  number: number
  /** Place of its first file. */
  first: number
  /** Place behind its last file. What is empty between the two is no part of it. */
  end: number
  /** Bytes, at least 1. */
  length: number
}

/** Segments in content order. @param sizes of all entries in listing order, 0 for what has no bytes */
export function* segmentsOf(sizes: Iterable<number>): Generator<Segment> {
  let run: Segment = { number: 0, first: 0, end: 0, length: 0 }
  let place = 0
  for (const size of sizes) {
    const end = place + 1
    if (size >= MIN_CHUNK) {
      if (run.length > 0) yield run
      const number = run.number + (run.length > 0 ? 1 : 0)
      yield { number, first: place, end, length: size }
      run = { number: number + 1, first: end, end, length: 0 }
    } else if (size > 0) {
      if (run.length === 0) run.first = place
      run.end = end
      run.length += size
    }
    place = end
  }
  if (run.length > 0) yield run
}
