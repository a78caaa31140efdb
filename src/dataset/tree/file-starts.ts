// Where the files of a snapshot begin in its content.
import type { LoadedListing } from '../snapshot-reader.ts'

const known = new WeakMap<LoadedListing, Float64Array>()

/** First byte of each entry in the content; made once for each listing. */
export function fileStarts(listing: LoadedListing): Float64Array {
  const starts = known.get(listing) ?? sumUp(listing)
  known.set(listing, starts)
  return starts
}

function sumUp({ entries }: LoadedListing): Float64Array {
  const starts = new Float64Array(entries.length)
  let start = 0
  entries.forEach((entry, i) => {
    starts[i] = start
    if (entry.kind === 'file') start += entry.size
  })
  return starts
}
