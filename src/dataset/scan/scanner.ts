// Turns segments into chunks: reads, cuts and hashes, and hands out what was read in windows. Runs on a worker thread.
import { createHash, type Hash } from 'node:crypto'
import { createChunker, MAX_CHUNK } from '../../core/chunker.ts'
import { type ChunkId, type FileHash, sha256Hex } from '../../core/id.ts'
import type { Segment } from '../../core/segments.ts'
import type { Piece, SegmentReader } from '../source.ts'
import type { Reuse } from './reuse.ts'

/** Bytes of a window. At least two of the longest chunks, so that one always fits behind a begun one. */
export const WINDOW_BYTES = 1024 * 1024

export interface ScannedChunk {
  /** Number of the segment. */
  segment: number
  id: ChunkId
  length: number
  /** First byte in the window, or -1 for a chunk that was not read because it is an old one. */
  offset: number
}

/** What was found in some bytes. Chunks lie in the window whole. */
export interface Window {
  bytes: Uint8Array<ArrayBuffer>
  chunks: ScannedChunk[]
  /** Bytes read so far that lie in this window or were skipped before it. */
  readBytes: number
  skippedBytes: number
}

/** A file and a byte in it. */
interface Position {
  place: number
  offset: number
}

export interface Scanner {
  /** Reads a segment to its end; gives windows as they fill up. */
  scan(reader: SegmentReader, reuse: Reuse | undefined): AsyncGenerator<Window>
  /** What is left in the last window. */
  flush(): Window
}

export interface ScannerDeps {
  /** Bytes of the file at a place of the listing. */
  sizeOf: (place: number) => number
  /** Told of each file that was read from its first byte to its last. */
  onHash: (place: number, hash: FileHash) => void
  /** Gives the bytes of a window, WINDOW_BYTES long. */
  takeBuffer?: () => Uint8Array<ArrayBuffer>
}

export function createScanner({
  sizeOf,
  onHash,
  takeBuffer = () => new Uint8Array(WINDOW_BYTES),
}: ScannerDeps): Scanner {
  const chunker = createChunker()
  let window = emptyWindow(takeBuffer())
  let filled = 0 // bytes of the window in use
  let begun = 0 // where the chunk that is not yet cut begins

  async function* scan(reader: SegmentReader, reuse: Reuse | undefined): AsyncGenerator<Window> {
    chunker.reset()
    const { segment } = reader
    const position = { place: segment.first, offset: 0 }
    const hashing = createFileHashing(sizeOf, onHash)
    let rest: Uint8Array = new Uint8Array() // what was read and not yet taken in
    for (;;) {
      if (begun === filled) rest = skipReusable(reader, reuse, position, rest)
      if (rest.length === 0) {
        const piece = await reader.read()
        if (piece === undefined) break
        hashing.take(piece)
        rest = piece.bytes
      }
      if (room() === 0) yield turnWindow()
      const taken = rest.subarray(0, room())
      const cut = chunker.nextCut(taken)
      const used = cut < 0 ? taken : taken.subarray(0, cut)
      append(used)
      advance(position, segment, used.length)
      if (cut >= 0) endChunk(segment)
      rest = rest.subarray(used.length)
    }
    if (filled > begun) endChunk(segment)
  }

  /** Passes over old chunks as long as each new cut falls on an old one. Returns what is left of the bytes read ahead. */
  function skipReusable(
    reader: SegmentReader,
    reuse: Reuse | undefined,
    position: Position,
    rest: Uint8Array,
  ): Uint8Array {
    let ahead = rest
    for (
      let chunk = reuse?.at(position.place, position.offset);
      chunk;
      chunk = reuse?.at(position.place, position.offset)
    ) {
      window.chunks.push({ segment: reader.segment.number, id: chunk.id, length: chunk.length, offset: -1 })
      window.skippedBytes += chunk.length
      const inRest = Math.min(chunk.length, ahead.length)
      ahead = ahead.subarray(inRest)
      if (chunk.length > inRest) reader.skip(chunk.length - inRest)
      advance(position, reader.segment, chunk.length)
    }
    return ahead
  }

  function room(): number {
    return WINDOW_BYTES - filled
  }

  function append(bytes: Uint8Array): void {
    window.bytes.set(bytes, filled)
    filled += bytes.length
    window.readBytes += bytes.length
  }

  function endChunk({ number }: Segment): void {
    const id = sha256Hex(window.bytes.subarray(begun, filled)) as ChunkId
    window.chunks.push({ segment: number, id, length: filled - begun, offset: begun })
    begun = filled
  }

  /** Gives the full window away and takes the begun chunk over into a new one. */
  function turnWindow(): Window {
    const full = window
    const tail = full.bytes.subarray(begun, filled)
    if (tail.length > MAX_CHUNK) throw new Error('A chunk is longer than the longest')
    window = emptyWindow(takeBuffer())
    window.bytes.set(tail)
    filled = tail.length
    begun = 0
    return full
  }

  /** Moves a place in a segment on by `bytes`, from file to file. */
  function advance(position: Position, { end }: Segment, bytes: number): void {
    position.offset += bytes
    while (position.place < end && position.offset >= sizeOf(position.place)) {
      position.offset -= sizeOf(position.place)
      position.place++
    }
  }

  return { scan, flush: turnWindow }
}

function emptyWindow(bytes: Uint8Array<ArrayBuffer>): Window {
  return { bytes, chunks: [], readBytes: 0, skippedBytes: 0 }
}

/** SHA-256 of each file that is read from its first byte on; one that is entered in the middle did not change, so its hash is known. */
function createFileHashing(sizeOf: ScannerDeps['sizeOf'], done: ScannerDeps['onHash']) {
  let current: { place: number; hash: Hash; bytes: number } | undefined

  function take({ place, bytes, last }: Piece): void {
    const size = sizeOf(place)
    if (bytes.length === size) {
      done(place, sha256Hex(bytes) as FileHash)
      return
    }
    if (current?.place !== place) current = { place, hash: createHash('sha256'), bytes: 0 }
    current.hash.update(bytes)
    current.bytes += bytes.length
    if (last && current.bytes === size) done(place, current.hash.digest('hex') as FileHash)
  }

  return { take }
}
