// Which files of a compressed archive were set aside so far, and which segments are complete with them.
import { lastAtMost } from '../../core/block.ts'
import type { Segment } from '../../core/segments.ts'
import type { EntryTable } from '../entry-table.ts'

export interface Gathering {
  /** The files that are wanted, in the order of the archive; those that are one and the same file there together. */
  inArchiveOrder(): Iterable<Uint32Array>
  /** Notes where such a file was put; returns the segments that are now complete. */
  arrive(places: Uint32Array, position: number): Segment[]
  /** Where the file at this place of the listing was put. */
  position(place: number): number
  segmentOf(place: number): Segment
  /** How many files a segment has. */
  count(segment: Segment): number
}

/** @param segments in content order */
export function createGathering(entries: EntryTable, segments: Segment[]): Gathering {
  const firsts = Uint32Array.from(segments, ({ first }) => first)
  const counts = Uint32Array.from(segments, (segment) => countFiles(entries, segment))
  const missing = Uint32Array.from(counts)
  const positions = new Float64Array(entries.length)
  const indexOf = (place: number) => lastAtMost(firsts, place)

  function* inArchiveOrder(): Generator<Uint32Array> {
    const places = Uint32Array.from(segments.values().flatMap((segment) => filesIn(entries, segment)))
    places.sort((a, b) => entries.location(a) - entries.location(b))
    for (let start = 0; start < places.length; ) {
      const location = entries.location(places[start]!)
      let end = start + 1
      while (end < places.length && entries.location(places[end]!) === location) end++
      yield places.subarray(start, end)
      start = end
    }
  }

  function arrive(places: Uint32Array, position: number): Segment[] {
    const touched = new Set<number>()
    for (const place of places) {
      positions[place] = position
      missing[indexOf(place)]!--
      touched.add(indexOf(place))
    }
    return [...touched].filter((index) => missing[index] === 0).map((index) => segments[index]!)
  }

  return {
    inArchiveOrder,
    arrive,
    position: (place) => positions[place]!,
    segmentOf: (place) => segments[indexOf(place)]!,
    count: ({ first }) => counts[indexOf(first)]!,
  }
}

/** Places of the files of a segment. */
export function* filesIn(entries: EntryTable, { first, end }: Segment): Generator<number> {
  for (let place = first; place < end; place++) if (entries.size(place) > 0) yield place
}

function countFiles(entries: EntryTable, segment: Segment): number {
  return filesIn(entries, segment).reduce((count) => count + 1, 0)
}
