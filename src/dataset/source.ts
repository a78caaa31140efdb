// What a push reads from: a folder, an archive or a single file, all seen as entries in listing order and bytes in segments.
import type { Segment } from '../core/segments.ts'
import type { EntryTable } from './entry-table.ts'

/** One thing to be pushed. */
export interface SourceEntry {
  kind: 'file' | 'folder' | 'link'
  /** Path in the snapshot, checked. */
  path: string
  executable: boolean
  /** Bytes; 0 but for files. */
  size: number
  /** Of links: where it points. */
  target: string
  modifiedMicros: number
  /**
   * Equal stamps mean equal bytes, as far as the file system tells (size, times, inode). Compared again when the file is
   * read. Empty for what has no bytes.
   */
  stamp: string
  /** False when a file is so new that a further write might not show in its stamp; then it is read again next time. */
  settled: boolean
  /** Where the source keeps the file: its place in an archive, its device; the source's own business. */
  location: number
}

/** Names what to open; passes between threads. */
export interface SourceSpec {
  kind: 'folder' | 'file' | 'tar' | 'tar.gz' | 'tar.zst' | 'zip'
  /** Absolute path on this machine. */
  path: string
}

export interface FilterOptions {
  /** Patterns in .gitignore syntax; when there are any, only what they match is taken. */
  include: string[]
  /** Patterns in .gitignore syntax, over those of .aetherfsignore files. */
  exclude: string[]
  /** Leave out sockets, devices, pipes and links that leave the folder instead of refusing them. */
  skipSpecial: boolean
}

export interface SourceListing {
  /** In byte order of their paths; folders only where nothing is below them. */
  entries: EntryTable
  /** Paths that were left out because of `skipSpecial`, each with its reason. */
  skipped: { path: string; reason: string }[]
}

/** Bytes of one file in a segment. */
export interface Piece {
  /** Place of the file among the entries. */
  place: number
  bytes: Uint8Array
  /** The file ends here. */
  last: boolean
}

/** Reads one segment from front to back. */
export interface SegmentReader {
  segment: Segment
  /**
   * The next bytes, never beyond the end of a file; undefined at the end of the segment. The bytes are the reader's and
   * stay as they are until the next call.
   * @throws {AetherError} `source` when a file is not what its entry says: it changed, vanished or cannot be read.
   */
  read(): Promise<Piece | undefined>
  /** Moves on without reading. Only for sources that say `canSkip`. */
  skip(bytes: number): void
}

export interface Source {
  /** True when `skip` works and a segment costs nothing until it is read. */
  canSkip: boolean
  /**
   * Readers for the segments, in whatever order suits the source; each is read to its end (or given up) before the next
   * is asked for. Holds at most some tens of MiB.
   * @param segments in content order
   */
  segments(entries: EntryTable, segments: Iterable<Segment>, signal?: AbortSignal): AsyncIterable<SegmentReader>
  close(): Promise<void>
}
