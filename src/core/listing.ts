// The canonical listing of a snapshot and its digest. The law for this text: docs/format.md, section 2.
import { isUtf8 } from 'node:buffer'
import { createHash } from 'node:crypto'
import type { Span } from './escape-text.ts'
import { type Digest, type FileHash, sha256Hex } from './id.ts'
import { checkEntry, checkLine, formatEntry, MAX_LINE, malformed, pathSpan, readLine } from './listing-line.ts'
import { createPathOrder } from './path-order.ts'

export interface FileEntry {
  kind: 'file'
  path: string
  executable: boolean
  /** Bytes. */
  size: number
  hash: FileHash
}

/** A folder that has no entry below it; all others follow from the paths. */
export interface FolderEntry {
  kind: 'folder'
  path: string
}

export interface LinkEntry {
  kind: 'link'
  path: string
  /** Relative, and never above the root of the snapshot. */
  target: string
}

export type Entry = FileEntry | FolderEntry | LinkEntry

/** Entries in byte order of their paths. */
export type Listing = readonly Entry[]

/** First line of every listing, so that its hash cannot be taken for that of another kind of text. */
export const LISTING_HEADER = 'aetherfs listing 1\n'
/** Longest listing that is read, in bytes of text. */
export const MAX_LISTING_BYTES = 256 * 1024 * 1024

const LINE_FEED = 0x0a
/** Bytes of a piece of text: there is room for one more line as long as it is half empty. */
const PIECE_BYTES = 64 * 1024

/** The listing as canonical text. @throws {AetherError} `invalid` when the entries are not a listing. */
export function encodeListing(listing: Listing): Buffer {
  return Buffer.concat([...listingPieces(listing).map((piece) => Buffer.from(piece))])
}

/**
 * The canonical text piece by piece, for writers that do not hold the whole. Each piece stays as it is until the next is
 * asked for.
 * @throws {AetherError} `invalid` when the entries are not a listing.
 */
export function* listingPieces(listing: Iterable<Entry>): Generator<Buffer> {
  const piece = Buffer.allocUnsafe(PIECE_BYTES)
  let filled = piece.write(LISTING_HEADER)
  const checkOrder = createPathOrder()
  for (const entry of listing) {
    checkEntry(entry)
    if (filled > PIECE_BYTES - MAX_LINE) {
      yield piece.subarray(0, filled)
      filled = 0
    }
    const start = filled
    filled += piece.write(formatEntry(entry), start)
    checkOrder(pathSpan({ bytes: piece, start, end: filled - 1 }))
  }
  yield piece.subarray(0, filled)
}

/** @throws {AetherError} `invalid` when the text is not canonical. */
export function decodeListing(text: Uint8Array): Entry[] {
  const decoder = createListingDecoder()
  const entries = decoder.push(text)
  decoder.end()
  return entries
}

export interface ListingDecoder {
  /** The entries whose lines end in this piece. @throws {AetherError} `invalid` when the text is not canonical. */
  push(piece: Uint8Array): Entry[]
  /** @throws {AetherError} `invalid` when the text breaks off here. */
  end(): void
}

/** Reads a listing piece by piece, for readers that do not hold the whole. */
export function createListingDecoder(): ListingDecoder {
  let entries: Entry[] = []
  const reader = createListingReader((line) => entries.push(readLine(line)))

  function push(piece: Uint8Array): Entry[] {
    entries = []
    reader.push(piece)
    return entries
  }

  return { push, end: reader.end }
}

export interface ListingReader {
  /** @throws {AetherError} `invalid` when the text is not canonical. */
  push(piece: Uint8Array): void
  /** @throws {AetherError} `invalid` when the text breaks off here. */
  end(): void
}

/**
 * Checks a listing piece by piece.
 * @param take gets each line without its end, which is where it is until the next; in the first piece if that is the whole text
 */
export function createListingReader(take: (line: Span) => void): ListingReader {
  const checkOrder = createPathOrder()
  let rest: Buffer = Buffer.alloc(0)
  let begun = false

  function push(piece: Uint8Array): void {
    const bytes = joined(rest, piece)
    const start = begun ? 0 : headerEnd(bytes)
    begun ||= start > 0
    const end = begun ? Math.max(start, bytes.lastIndexOf(LINE_FEED) + 1) : 0
    takeLines(bytes, start, end)
    if (bytes.length - end > MAX_LINE) throw malformed('a line is longer than any may be')
    rest = Buffer.from(bytes.subarray(end)) // the piece is its owner's again
  }

  function takeLines(bytes: Buffer, start: number, end: number): void {
    if (!isUtf8(bytes.subarray(start, end))) throw malformed('it is not valid UTF-8')
    const line = { bytes, start, end }
    for (; line.start < end; line.start = line.end + 1) {
      line.end = bytes.indexOf(LINE_FEED, line.start)
      checkLine(line)
      checkOrder(pathSpan(line))
      take(line)
    }
  }

  function end(): void {
    if (!begun) throw malformed('it does not begin with its header')
    if (rest.length > 0) throw malformed('its last line has no end')
  }

  return { push, end }
}

function joined(rest: Buffer, piece: Uint8Array): Buffer {
  return rest.length > 0 ? Buffer.concat([rest, piece]) : Buffer.from(piece.buffer, piece.byteOffset, piece.length)
}

/** Where the header ends, 0 when it is not all there yet. */
function headerEnd(bytes: Buffer): number {
  if (!LISTING_HEADER.startsWith(bytes.toString('latin1', 0, LISTING_HEADER.length)))
    throw malformed('it does not begin with its header')
  return bytes.length < LISTING_HEADER.length ? 0 : LISTING_HEADER.length
}

/** The digest of the snapshot whose listing this text is. */
export function listingDigest(text: Uint8Array): Digest {
  return sha256Hex(text) as Digest
}

/** The same for a text that comes in pieces, which are handed through. */
export function createListingDigest(): { take<T extends Uint8Array>(piece: T): T; finish(): Digest } {
  const hash = createHash('sha256')
  const take = <T extends Uint8Array>(piece: T) => {
    hash.update(piece)
    return piece
  }
  return { take, finish: () => hash.digest('hex') as Digest }
}

/** Bytes in all files together. */
export function contentLength(listing: Listing): number {
  return listing.reduce((sum, entry) => sum + (entry.kind === 'file' ? entry.size : 0), 0)
}
