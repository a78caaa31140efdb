// Reads segments whose files can each be opened at any byte: those of a folder, of a plain tar archive, of a zip archive.
import type { Segment } from '../../core/segments.ts'
import type { EntryTable } from '../entry-table.ts'
import type { Piece, SegmentReader, Source, SourceEntry } from '../source.ts'

/** One file that is being read. */
export interface FileBytes {
  /**
   * The next bytes: at least one, at most `left`, which is what the file has yet to give. They stay as they are until the
   * next call.
   */
  next(left: number): Uint8Array | Promise<Uint8Array>
  /** Called when the last byte that is wanted was read. @throws {AetherError} `source` when the file changed. */
  verify(): void
  close(): void
}

/** Opens a file at a byte of it. */
export type OpenFile = (entry: SourceEntry, offset: number) => FileBytes

/** A source that gives its segments in their order. */
export function createRandomSource(open: OpenFile, close: () => void = () => {}): Source {
  async function* segments(
    entries: EntryTable,
    wanted: Iterable<Segment>,
    signal?: AbortSignal,
  ): AsyncGenerator<SegmentReader> {
    for (const segment of wanted) {
      const reader = createReader(entries, segment, open, signal)
      try {
        yield reader
      } finally {
        reader.abandon()
      }
    }
  }

  return { canSkip: true, segments, close: async () => close() }
}

function createReader(entries: EntryTable, segment: Segment, open: OpenFile, signal?: AbortSignal) {
  let place = segment.first
  let offset = 0
  let current: FileBytes | undefined

  async function read(): Promise<Piece | undefined> {
    signal?.throwIfAborted()
    if (place === segment.end) return undefined
    current ??= open(entries.at(place), offset)
    const left = entries.size(place) - offset
    const bytes = await nextOf(current, left)
    const piece = { place, bytes, last: bytes.length === left }
    advance(bytes.length)
    return piece
  }

  async function nextOf(bytes: FileBytes, left: number): Promise<Uint8Array> {
    try {
      return await bytes.next(left)
    } catch (error) {
      bytes.verify() // what cannot be read because it changed is reported as changed
      throw error
    }
  }

  function skip(bytes: number): void {
    for (let left = bytes; left > 0; ) {
      if (place === segment.end) throw new RangeError('Cannot skip beyond the end of a segment')
      const step = Math.min(left, entries.size(place) - offset)
      // An open file stands where reading stopped; it is opened again where reading goes on.
      finish()
      advance(step)
      left -= step
    }
  }

  function advance(bytes: number): void {
    offset += bytes
    if (offset < entries.size(place)) return
    finish()
    offset = 0
    do place++
    while (place < segment.end && entries.size(place) === 0)
  }

  /** What was read of a file counts only when the file is still the one that was listed. */
  function finish(): void {
    try {
      current?.verify()
    } finally {
      abandon()
    }
  }

  function abandon(): void {
    const left = current
    current = undefined // also when closing fails: a number that was given back may be another file's by now
    left?.close()
  }

  return { segment, read, skip, abandon }
}
