// Reads files out of a compressed tar archive, which can only be unpacked from front to back.
//
// A large file is passed on as it comes. Small files may come in another order than the listing's, so they are set aside
// until all of their segment are there; so is a file that hard links name, since its bytes are wanted more than once.
import { MIN_CHUNK } from '../../core/chunker.ts'
import type { Segment } from '../../core/segments.ts'
import type { EntryTable } from '../entry-table.ts'
import type { Piece, SegmentReader, Source, SourceEntry } from '../source.ts'
import { type ArchiveFile, brokenArchive, openArchive } from './archive-file.ts'
import type { ByteStream } from './byte-stream.ts'
import { createGathering, filesIn, type Gathering } from './gathering.ts'
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

  async function* segments(
    entries: EntryTable,
    wanted: Iterable<Segment>,
    signal?: AbortSignal,
  ): AsyncGenerator<SegmentReader> {
    const stream = openUnpacked(archive, kind)
    try {
      yield* readAll({ archive, stream, spool, signal, entries }, createGathering(entries, [...wanted]))
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
  entries: EntryTable
}

async function* readAll(reading: Reading, gathering: Gathering): AsyncGenerator<SegmentReader> {
  const { archive, spool, entries } = reading
  spool.clear()
  let held = 0 // files in the spool that are still wanted
  for (const places of gathering.inArchiveOrder()) {
    const entry = entries.at(places[0]!)
    archive.expect(entry.stamp)
    archive.verify()
    await goTo(reading, entry)
    if (places.length === 1 && entry.size >= MIN_CHUNK) {
      yield streamReader(reading, gathering.segmentOf(places[0]!), entry)
      continue
    }
    const position = await setAside(reading, entry)
    held += places.length
    for (const segment of gathering.arrive(places, position)) {
      yield spoolReader(reading, gathering, segment)
      held -= gathering.count(segment)
    }
    if (held === 0) spool.clear()
  }
}

async function goTo({ archive, stream }: Reading, entry: SourceEntry): Promise<void> {
  const way = entry.location - stream.position()
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

/** Gives the bytes of the only file of a segment as they are unpacked. */
function streamReader(reading: Reading, segment: Segment, entry: SourceEntry): SegmentReader {
  let left = entry.size

  async function read(): Promise<Piece | undefined> {
    if (left === 0) return undefined
    const bytes = await nextBytes(reading, entry, left)
    left -= bytes.length
    return { place: segment.first, bytes, last: left === 0 }
  }

  return { segment, read, skip: cannotSkip }
}

function spoolReader({ spool, signal, entries }: Reading, gathering: Gathering, segment: Segment): SegmentReader {
  const places = filesIn(entries, segment)
  let place = places.next().value
  let offset = 0

  async function read(): Promise<Piece | undefined> {
    signal?.throwIfAborted()
    if (place === undefined) return undefined
    const left = entries.size(place) - offset
    const bytes = spool.read(gathering.position(place) + offset, left)
    const piece = { place, bytes, last: bytes.length === left }
    offset = piece.last ? 0 : offset + bytes.length
    if (piece.last) place = places.next().value
    return piece
  }

  return { segment, read, skip: cannotSkip }
}

function cannotSkip(): never {
  throw new TypeError('A compressed archive cannot be skipped in')
}
