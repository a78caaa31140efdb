// Tells reads that follow each other from reads here and there, for callers that make many small ones (NFS, FUSE), and says
// what to fetch ahead of them. Works on numbers alone.
import { createLruCache } from '../lru-cache.ts'
import type { ByteSpan } from '../tree/tree-contents.ts'

export interface ReadAhead {
  /** Notes a read of a file; what is worth fetching beyond it, if anything is. */
  note(file: string, range: ByteSpan, fileLength: number): ByteSpan | undefined
}

export interface ReadAheadOptions {
  /** Bytes ahead of the reader at first, and at most. The window doubles each time the reader has gone through half of it. */
  firstWindow: number
  maxWindow: number
}

/** One reader of a file. */
interface Stream {
  /** Where its last read ended; -1 before there was one. */
  end: number
  /** 0 until a second read has followed a first one. */
  window: number
  /** Up to where it is fetched ahead. */
  ahead: number
}

/** Files of which the readers are remembered, and readers of one file. */
const FILES = 1024
const READERS = 4
/** Reads that are under way together may come in another order: this far from the end is no jump, though it is no step either. */
const NEAR = 1024 * 1024

export function createReadAhead({ firstWindow, maxWindow }: ReadAheadOptions): ReadAhead {
  const files = createLruCache<string, Stream[]>(FILES, () => 1)

  function note(file: string, range: ByteSpan, fileLength: number): ByteSpan | undefined {
    const streams = files.get(file) ?? []
    if (streams.length === 0) files.set(file, streams)
    const stream = streamOf(streams, range.offset)
    const follows = stream.end === range.offset
    stream.end = Math.max(stream.end, range.offset + range.length)
    if (follows && stream.window === 0) stream.window = firstWindow
    // A long read is a stream by itself, which runs ahead on its own.
    return range.length > maxWindow ? undefined : advance(stream, fileLength)
  }

  function advance(stream: Stream, fileLength: number): ByteSpan | undefined {
    stream.ahead = Math.max(stream.ahead, stream.end)
    if (stream.window === 0 || stream.ahead - stream.end > stream.window / 2) return undefined
    const offset = stream.ahead
    stream.ahead = Math.min(fileLength, stream.end + stream.window)
    stream.window = Math.min(maxWindow, stream.window * 2)
    return stream.ahead > offset ? { offset, length: stream.ahead - offset } : undefined
  }

  return { note }
}

/** The reader that goes on at `offset`, or about there; else a new one. The one that was heard of last comes first. */
function streamOf(streams: Stream[], offset: number): Stream {
  const exact = streams.findIndex(({ end }) => end === offset)
  const near = exact >= 0 ? exact : streams.findIndex(({ end, window }) => window > 0 && Math.abs(end - offset) < NEAR)
  const [stream = { end: -1, window: 0, ahead: offset }] = near >= 0 ? streams.splice(near, 1) : []
  streams.unshift(stream)
  streams.length = Math.min(streams.length, READERS)
  return stream
}
