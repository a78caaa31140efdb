// The canonical listing of a snapshot and its digest. The law for this text: docs/format.md, section 2.
import { createHash } from 'node:crypto'
import { AetherError } from './errors.ts'
import { type Digest, type FileHash, parseFileHash, sha256Hex } from './id.ts'
import { checkPath, compareBytes, linkStaysInside, MAX_TARGET_BYTES } from './path.ts'

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
  const check = createEntryCheck()
  for (const entry of listing) {
    check(entry)
    if (filled > PIECE_BYTES - MAX_LINE) {
      yield piece.subarray(0, filled)
      filled = 0
    }
    filled += piece.write(formatEntry(entry), filled)
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

/** Longest line that there can be: a link whose path and target are as long as they may be, and all of it escaped. */
const MAX_LINE = 32 * 1024

export interface ListingDecoder {
  /** The entries whose lines end in this piece. @throws {AetherError} `invalid` when the text is not canonical. */
  push(piece: Uint8Array): Entry[]
  /** @throws {AetherError} `invalid` when the text breaks off here. */
  end(): void
}

/** Reads a listing piece by piece, for readers that do not hold the whole. */
export function createListingDecoder(): ListingDecoder {
  const check = createEntryCheck()
  let rest: Buffer = Buffer.alloc(0)
  let begun = false

  function push(piece: Uint8Array): Entry[] {
    const bytes = joined(rest, piece)
    const entries: Entry[] = []
    let start = begun ? 0 : headerEnd(bytes)
    begun ||= start > 0
    for (let end = begun ? bytes.indexOf(10, start) : -1; end >= 0; end = bytes.indexOf(10, start)) {
      const entry = parseLine(bytes.subarray(start, end))
      check(entry)
      entries.push(entry)
      start = end + 1
    }
    rest = bytes.subarray(start)
    if (rest.length > MAX_LINE) throw malformed('a line is longer than any may be')
    return entries
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

function formatEntry(entry: Entry): string {
  const path = escapeText(entry.path)
  if (entry.kind === 'file') return `f ${entry.executable ? 'x' : '-'} ${entry.size} ${entry.hash} ${path}\n`
  if (entry.kind === 'link') return `l - ${Buffer.byteLength(entry.target)} ${escapeText(entry.target)} ${path}\n`
  return `d - 0 - ${path}\n`
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function parseLine(line: Buffer): Entry {
  let text: string
  try {
    text = UTF8.decode(line)
  } catch (cause) {
    throw malformed('a line is not valid UTF-8', cause)
  }
  const fields = text.split(' ')
  const entry = fields.length === 5 ? parseFields(fields as [string, string, string, string, string]) : undefined
  // Encoding it back is the one test that no second spelling of a line gets through.
  if (entry === undefined || formatEntry(entry) !== `${text}\n`)
    throw malformed(`cannot read the line ${JSON.stringify(text.slice(0, 200))}`)
  return entry
}

function parseFields([kind, mode, size, id, path]: [string, string, string, string, string]): Entry | undefined {
  if (kind === 'f')
    return {
      kind: 'file',
      path: unescapeText(path),
      executable: mode === 'x',
      size: Number(size),
      hash: parseFileHash(id),
    }
  if (kind === 'l') return { kind: 'link', path: unescapeText(path), target: unescapeText(id) }
  if (kind === 'd') return { kind: 'folder', path: unescapeText(path) }
  return undefined
}

/** Checks entries one after the other: each by itself, their order, and that nothing lies below a file or a link. */
function createEntryCheck(): (entry: Entry) => void {
  // The entries whose path the present path begins with. Only they can be its parents, because of the order.
  const open: string[] = []
  let previous: string | undefined
  return (entry) => {
    checkPath(entry.path)
    checkKind(entry)
    if (previous !== undefined && compareBytes(previous, entry.path) >= 0) {
      throw malformed(`${JSON.stringify(entry.path)} does not come after ${JSON.stringify(previous)}`)
    }
    while (open.length > 0 && !entry.path.startsWith(open.at(-1)!)) open.pop()
    const parent = open.find((path) => entry.path[path.length] === '/')
    if (parent !== undefined)
      throw malformed(`${JSON.stringify(entry.path)} lies below ${JSON.stringify(parent)}, which is no folder`)
    open.push(entry.path)
    previous = entry.path
  }
}

function checkKind(entry: Entry): void {
  if (entry.kind === 'file' && !(Number.isSafeInteger(entry.size) && entry.size >= 0)) {
    throw malformed(`the size of ${JSON.stringify(entry.path)} is not a number of bytes`)
  }
  if (entry.kind === 'link') checkLink(entry)
}

function checkLink(entry: LinkEntry): void {
  if (!entry.target.isWellFormed() || Buffer.byteLength(entry.target) > MAX_TARGET_BYTES) {
    throw malformed(
      `the link ${JSON.stringify(entry.path)} has a target that is not valid Unicode or is over ${MAX_TARGET_BYTES} bytes long`,
    )
  }
  if (!linkStaysInside(entry.path, entry.target)) {
    throw malformed(
      `the link ${JSON.stringify(entry.path)} points out of the snapshot, to ${JSON.stringify(entry.target)}`,
    )
  }
}

/** Fields are parted by spaces and lines by line feeds, so these and the escape character itself are written with two. */
function escapeText(text: string): string {
  return /[\\ \n]/.test(text)
    ? text.replace(/[\\ \n]/g, (c) => (c === ' ' ? '\\_' : c === '\n' ? '\\n' : '\\\\'))
    : text
}

function unescapeText(text: string): string {
  return text.includes('\\') ? text.replace(/\\([\\_n])/g, (_, c) => (c === '_' ? ' ' : c === 'n' ? '\n' : '\\')) : text
}

function malformed(reason: string, cause?: unknown): AetherError {
  return new AetherError('invalid', `The listing is malformed: ${reason}`, { cause })
}
