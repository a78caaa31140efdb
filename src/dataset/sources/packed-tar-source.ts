// Reads files out of a compressed tar archive, which can only be unpacked from front to back.
//
// A large file is passed on as it comes. Small files may come in another order than the listing's, so they are set aside
// until all of their segment are there; so is a file that hard links name, since its bytes are wanted more than once.
import { MIN_CHUNK } from '../../core/chunker.ts'
import type { Segment } from '../../core/segments.ts'
import type { Piece, SegmentReader, Source, SourceEntry } from '../source.ts'
import { type ArchiveFile, brokenArchive, openArchive } from './archive-file.ts'
import type { ByteStream } from './byte-stream.ts'
import { quote } from './offences.ts'
import { createSpool, type Spool } from './spool.ts'
import { openUnpacked, type TarKind } from './unpacked-stream.ts'

const PIECE_BYTES = 1024 * 1024

export interface PackedTarOptions {
  /** For what is set aside. */
  spool?: Spool
}

export function openPackedTarSource(
  path: string,
  kind: Exclude<TarKind, 'tar'>,
  options: PackedTarOptions = {},
): Source {
  const archive = openArchive(path)
  const spool = options.spool ?? createSpool()

  async function* segments(list: Segment<SourceEntry>[], signal?: AbortSignal): AsyncGenerator<SegmentReader> {
    const stream = openUnpacked(archive, kind)
    try {
      yield* readAll({ archive, stream, spool, signal }, list)
    } finally {
      await stream.close()
    }
  }

  async function close(): Promise<void> {
    spool.close()
    archive.close()
  }

  return { canSkip: false, segments, close }
}

interface Reading {
  archive: ArchiveFile
  stream: ByteStream
  spool: Spool
  signal: AbortSignal | undefined
}

/** A segment and what of it was set aside. */
interface Gathered {
  segment: Segment<SourceEntry>
  /** Where each of its files is in the spool. */
  positions: Float64Array
  missing: number
}

/** A file of a segment. */
interface Wanted {
  gathered: Gathered
  file: number
}

async function* readAll(reading: Reading, list: Segment<SourceEntry>[]): AsyncGenerator<SegmentReader> {
  const { archive, spool } = reading
  spool.clear()
  let held = 0 // files in the spool that are still wanted
  for (const same of inArchiveOrder(list)) {
    const entry = entryOf(same[0]!)
    archive.expect(entry.identity)
    archive.verify()
    await goTo(reading, entry)
    if (same.length === 1 && isAlone(same[0]!)) {
      yield streamReader(reading, same[0]!.gathered.segment)
      continue
    }
    const position = await setAside(reading, entry)
    held += same.length
    for (const gathered of arrivals(same, position)) {
      yield spoolReader(reading, gathered)
      held -= gathered.segment.files.length
    }
    if (held === 0) spool.clear()
  }
}

function entryOf({ gathered, file }: Wanted): SourceEntry {
  return gathered.segment.files[file]!
}

function isAlone(wanted: Wanted): boolean {
  return wanted.gathered.segment.files.length === 1 && entryOf(wanted).size >= MIN_CHUNK
}

/** All files in the order of the archive; those that are one and the same file there together. */
function* inArchiveOrder(list: Segment<SourceEntry>[]): Generator<Wanted[]> {
  const wanted = list.flatMap(filesOfSegment)
  wanted.sort((a, b) => entryOf(a).location! - entryOf(b).location!)
  for (let start = 0; start < wanted.length; ) {
    const { location } = entryOf(wanted[start]!)
    let end = start + 1
    while (end < wanted.length && entryOf(wanted[end]!).location === location) end++
    yield wanted.slice(start, end)
    start = end
  }
}

function filesOfSegment(segment: Segment<SourceEntry>): Wanted[] {
  const { length } = segment.files
  const gathered = { segment, positions: new Float64Array(length), missing: length }
  return segment.files.map((_, file) => ({ gathered, file }))
}

async function goTo({ archive, stream }: Reading, entry: SourceEntry): Promise<void> {
  const way = entry.location! - stream.position()
  if ((await stream.skip(way)) < way) throw cutShort(archive, entry)
}

/** Puts the file that comes next into the spool; returns where. */
async function setAside(reading: Reading, entry: SourceEntry): Promise<number> {
  const position = reading.spool.end()
  for (let left = entry.size; left > 0; ) {
    const bytes = await nextBytes(reading, entry, left)
    reading.spool.append(bytes)
    left -= bytes.length
  }
  return position
}

async function nextBytes({ archive, stream, signal }: Reading, entry: SourceEntry, left: number): Promise<Buffer> {
  signal?.throwIfAborted()
  const bytes = await stream.some(Math.min(left, PIECE_BYTES))
  if (bytes.length === 0) throw cutShort(archive, entry)
  return bytes
}

function cutShort(archive: ArchiveFile, entry: SourceEntry): Error {
  return brokenArchive(archive.path, `it ends in the middle of ${quote(entry.path)}`)
}

/** Notes where files are; returns the segments that are now complete. */
function arrivals(same: Wanted[], position: number): Gathered[] {
  for (const { gathered, file } of same) {
    gathered.positions[file] = position
    gathered.missing--
  }
  return [...new Set(same.map(({ gathered }) => gathered))].filter(({ missing }) => missing === 0)
}

/** Gives the bytes of the only file of a segment as they are unpacked. */
function streamReader(reading: Reading, segment: Segment<SourceEntry>): SegmentReader {
  const entry = segment.files[0]!
  let left = entry.size

  async function read(): Promise<Piece | undefined> {
    if (left === 0) return undefined
    const bytes = await nextBytes(reading, entry, left)
    left -= bytes.length
    return { file: 0, bytes, last: left === 0 }
  }

  return { segment, read, skip: cannotSkip }
}

function spoolReader({ spool, signal }: Reading, { segment, positions }: Gathered): SegmentReader {
  let file = 0
  let offset = 0

  async function read(): Promise<Piece | undefined> {
    signal?.throwIfAborted()
    const entry = segment.files[file]
    if (entry === undefined) return undefined
    const bytes = spool.read(positions[file]! + offset, entry.size - offset)
    const piece = { file, bytes, last: offset + bytes.length === entry.size }
    offset = piece.last ? 0 : offset + bytes.length
    if (piece.last) file++
    return piece
  }

  return { segment, read, skip: cannotSkip }
}

function cannotSkip(): never {
  throw new TypeError('A compressed archive cannot be skipped in')
}
