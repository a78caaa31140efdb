// Turns segments into chunks: reads, cuts and hashes, and hands out what was read in windows. Runs on a worker thread.
import { createHash, type Hash } from 'node:crypto'
import { createChunker, MAX_CHUNK } from '../../core/chunker.ts'
import { type ChunkId, type FileHash, sha256Hex } from '../../core/id.ts'
import type { SegmentReader } from '../source.ts'
import type { Reuse } from './reuse.ts'

/** Bytes of a window. At least two of the longest chunks, so that one always fits behind a begun one. */
export const WINDOW_BYTES = 1024 * 1024

export interface ScannedChunk {
  /** Place of the segment in the job. */
  segment: number
  id: ChunkId
  length: number
  /** First byte in the window, or -1 for a chunk that was not read because it is an old one. */
  offset: number
}

export interface ScannedFile {
  segment: number
  /** Place of the file in its segment. */
  file: number
  hash: FileHash
}

/** What was found in some bytes. Chunks lie in the window whole. */
export interface Window {
  bytes: Uint8Array<ArrayBuffer>
  chunks: ScannedChunk[]
  /** Files that were read to their end. */
  files: ScannedFile[]
  /** Bytes read so far that lie in this window or were skipped before it. */
  readBytes: number
  skippedBytes: number
}

/** A place in a segment: a file and a byte in it. */
interface Position {
  file: number
  offset: number
}

export interface Scanner {
  /** Reads a segment to its end; gives windows as they fill up. */
  scan(place: number, reader: SegmentReader, reuse: Reuse | undefined): AsyncGenerator<Window>
  /** What is left in the last window. */
  flush(): Window
}

/** @param takeBuffer gives the bytes of a window, WINDOW_BYTES long */
export function createScanner(takeBuffer: () => Uint8Array<ArrayBuffer> = () => new Uint8Array(WINDOW_BYTES)): Scanner {
  const chunker = createChunker()
  let window = emptyWindow(takeBuffer())
  let filled = 0 // bytes of the window in use
  let begun = 0 // where the chunk that is not yet cut begins

  async function* scan(place: number, reader: SegmentReader, reuse: Reuse | undefined): AsyncGenerator<Window> {
    chunker.reset()
    const position = { file: 0, offset: 0 }
    const hashing = createFileHashing(reader)
    let rest: Uint8Array = new Uint8Array() // what was read and not yet taken in
    for (;;) {
      if (begun === filled) rest = skipReusable(place, reader, reuse, position, rest)
      if (rest.length === 0) {
        const piece = await reader.read()
        if (piece === undefined) break
        hashing.take(piece, (file, hash) => window.files.push({ segment: place, file, hash }))
        rest = piece.bytes
      }
      if (room() === 0) yield turnWindow()
      const taken = rest.subarray(0, room())
      const cut = chunker.nextCut(taken)
      const used = cut < 0 ? taken : taken.subarray(0, cut)
      append(used)
      advance(position, reader, used.length)
      if (cut >= 0) endChunk(place)
      rest = rest.subarray(used.length)
    }
    if (filled > begun) endChunk(place)
  }

  /** Passes over old chunks as long as each new cut falls on an old one. Returns what is left of the bytes read ahead. */
  function skipReusable(
    place: number,
    reader: SegmentReader,
    reuse: Reuse | undefined,
    position: Position,
    rest: Uint8Array,
  ): Uint8Array {
    let ahead = rest
    for (
      let chunk = reuse?.at(position.file, position.offset);
      chunk;
      chunk = reuse?.at(position.file, position.offset)
    ) {
      window.chunks.push({ segment: place, id: chunk.id, length: chunk.length, offset: -1 })
      window.skippedBytes += chunk.length
      const inRest = Math.min(chunk.length, ahead.length)
      ahead = ahead.subarray(inRest)
      if (chunk.length > inRest) reader.skip(chunk.length - inRest)
      advance(position, reader, chunk.length)
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

  function endChunk(segment: number): void {
    const id = sha256Hex(window.bytes.subarray(begun, filled)) as ChunkId
    window.chunks.push({ segment, id, length: filled - begun, offset: begun })
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

  return { scan, flush: turnWindow }
}

function emptyWindow(bytes: Uint8Array<ArrayBuffer>): Window {
  return { bytes, chunks: [], files: [], readBytes: 0, skippedBytes: 0 }
}

/** Moves a place in a segment on by `bytes`, from file to file. */
function advance(position: Position, reader: SegmentReader, bytes: number): void {
  position.offset += bytes
  const { files } = reader.segment
  while (position.file < files.length && position.offset >= files[position.file]!.size) {
    position.offset -= files[position.file]!.size
    position.file++
  }
}

/** SHA-256 of each file that is read from its first byte on; one that is entered in the middle did not change, so its hash is known. */
function createFileHashing(reader: SegmentReader) {
  let current: { file: number; hash: Hash; bytes: number } | undefined

  function take(
    piece: { file: number; bytes: Uint8Array; last: boolean },
    done: (file: number, hash: FileHash) => void,
  ): void {
    const { size } = reader.segment.files[piece.file]!
    if (piece.bytes.length === size) {
      done(piece.file, sha256Hex(piece.bytes) as FileHash)
      return
    }
    if (current?.file !== piece.file) current = { file: piece.file, hash: createHash('sha256'), bytes: 0 }
    current.hash.update(piece.bytes)
    current.bytes += piece.bytes.length
    if (piece.last && current.bytes === size) done(piece.file, current.hash.digest('hex') as FileHash)
  }

  return { take }
}
