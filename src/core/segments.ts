// How content is cut into segments, each of which is chunked by itself. Rule: docs/format.md, section 3.
import { MIN_CHUNK } from './chunker.ts'
import type { FileEntry, Listing } from './listing.ts'

/** A large file alone, or a run of small neighbours whose bytes flow together. */
export interface Segment<F extends { size: number }> {
  files: F[]
  /** First byte in the content. */
  offset: number
  /** Bytes, at least 1. */
  length: number
}

/** Segments in content order. Empty files have no bytes and are in none. */
export function* segmentsOf<F extends { size: number }>(files: Iterable<F>): Generator<Segment<F>> {
  let offset = 0
  let run: Segment<F> = { files: [], offset: 0, length: 0 }
  for (const file of files) {
    if (file.size === 0) continue
    if (file.size >= MIN_CHUNK) {
      if (run.length > 0) yield run
      yield { files: [file], offset, length: file.size }
      run = { files: [], offset: offset + file.size, length: 0 }
    } else {
      run.files.push(file)
      run.length += file.size
    }
    offset += file.size
  }
  if (run.length > 0) yield run
}

export function filesOf(listing: Listing): FileEntry[] {
  return listing.filter((entry): entry is FileEntry => entry.kind === 'file')
}
