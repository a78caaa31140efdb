// A listing in memory as its text and a few columns beside it. Entries are made when they are asked for: as objects they would
// take more than twice as much, and most of them nobody ever asks for.
import { compareEscaped, escapeText, type Span } from './escape-text.ts'
import { createListingReader, type Entry } from './listing.ts'
import { isFileLine, pathOfLine, pathSpan, readLine, sizeOfLine } from './listing-line.ts'

/** Entries by their place, from 0, in byte order of their paths. */
export interface PackedListing extends Iterable<Entry> {
  length: number
  /** How many of them are files. */
  files: number
  /** Bytes in all files together. */
  contentLength: number
  /** Bytes of memory that all this takes. */
  memory: number
  /** Undefined where there is none. */
  at(place: number): Entry | undefined
  pathAt(place: number): string | undefined
  /** First byte of an entry in the content. */
  startAt(place: number): number
  /** The first entry whose path is not less than this one; else `length`. */
  lowerBound(path: string): number
}

/** Keeps the text. @throws {AetherError} `invalid` when it is not canonical. */
export function openListing(text: Uint8Array): PackedListing {
  const bytes = Buffer.from(text.buffer, text.byteOffset, text.length)
  const { lines, starts, files, contentLength } = readColumns(text)

  function lineAt(place: number): Span | undefined {
    const start = lines[place]
    if (start === undefined) return undefined
    return { bytes, start, end: (lines[place + 1] ?? bytes.length) - 1 }
  }

  const at = (place: number) => apply(lineAt(place), readLine)

  function lowerBound(path: string): number {
    const wanted = Buffer.from(escapeText(path))
    const span = { bytes: wanted, start: 0, end: wanted.length }
    return bisect(0, lines.length, (place) => compareEscaped(pathSpan(lineAt(place)!), span) < 0)
  }

  function* entries(): Generator<Entry> {
    for (let place = 0; place < lines.length; place++) yield at(place)!
  }

  return {
    length: lines.length,
    files,
    contentLength,
    memory: text.length + lines.byteLength + starts.byteLength,
    at,
    pathAt: (place) => apply(lineAt(place), pathOfLine),
    startAt: (place) => starts[place] ?? contentLength,
    lowerBound,
    [Symbol.iterator]: entries,
  }
}

/** The first place from `low` on, and before `high`, where `holds` does not hold any more; else `high`. */
export function bisect(low: number, high: number, holds: (place: number) => boolean): number {
  while (low < high) {
    const middle = (low + high) >>> 1
    if (holds(middle)) low = middle + 1
    else high = middle
  }
  return low
}

interface Columns {
  /** Where the line of each entry begins in the text. */
  lines: Uint32Array
  /** First byte of each entry in the content. */
  starts: Float64Array
  files: number
  contentLength: number
}

function readColumns(text: Uint8Array): Columns {
  let lines = new Uint32Array(256) // both are doubled whenever they are full
  let starts = new Float64Array(lines.length)
  let [count, files, contentLength] = [0, 0, 0]

  function resize(length: number): void {
    lines = new Uint32Array(lines.buffer.transfer(length * Uint32Array.BYTES_PER_ELEMENT))
    starts = new Float64Array(starts.buffer.transfer(length * Float64Array.BYTES_PER_ELEMENT))
  }

  const reader = createListingReader((line) => {
    if (count === lines.length) resize(2 * count)
    lines[count] = line.start
    starts[count++] = contentLength
    if (!isFileLine(line)) return
    files++
    contentLength += sizeOfLine(line)
  })
  reader.push(text)
  reader.end()
  resize(count)
  return { lines, starts, files, contentLength }
}

function apply<T>(line: Span | undefined, read: (line: Span) => T): T | undefined {
  return line === undefined ? undefined : read(line)
}
