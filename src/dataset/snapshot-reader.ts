// A snapshot opened for reading: its listing, and any range of its content, all of it checked.
import { type BlockIndex, frameOfChunk } from '../core/block.ts'
import { AetherError } from '../core/errors.ts'
import type { Extents } from '../core/extents.ts'
import { extentAt, oneExtent } from '../core/extents.ts'
import { listingDigest } from '../core/listing.ts'
import { openListing, type PackedListing } from '../core/packed-listing.ts'
import { chunksOf, type FrameRange, type PlacedChunk } from '../core/plan.ts'
import type { SnapshotRecord, StoredStream } from '../core/record.ts'
import { decodeTimes } from '../core/times.ts'
import { twice } from '../core/twice.ts'
import { type BlockReader, checkedChunk, type PlainFrame } from './block-reader.ts'
import { mapOrdered } from './map-ordered.ts'

/** Bytes of a stream. */
interface ByteRange {
  offset: number
  length: number
}

export interface LoadedListing {
  entries: PackedListing
  /** Modification times in microseconds, one for each entry. */
  micros: Float64Array
  /** The canonical text. */
  text: Uint8Array
}

/** Bytes of memory that it takes. */
export function listingMemory({ entries, micros }: LoadedListing): number {
  return entries.memory + micros.byteLength
}

/**
 * Reads listing and times of a record and checks them against its digest.
 * @throws {AetherError} `integrity` when they do not match.
 */
export async function loadListing(
  record: SnapshotRecord,
  blocks: BlockReader,
  signal?: AbortSignal,
): Promise<LoadedListing> {
  const text = await readWhole(record, record.listing, blocks, signal)
  return checkedListing(record, text, await readWhole(record, record.times, blocks, signal))
}

/**
 * A listing and its times, wherever they come from.
 * @throws {AetherError} `integrity` when they are not those of the record
 */
export function checkedListing(record: SnapshotRecord, text: Uint8Array, times: Uint8Array): LoadedListing {
  if (listingDigest(text) !== record.digest)
    throw new AetherError('integrity', `The listing of snapshot ${record.digest} does not match its digest`)
  const entries = openListing(text)
  if (entries.contentLength !== record.content.length) {
    throw new AetherError(
      'integrity',
      `Snapshot ${record.digest} has ${record.content.length} bytes where its listing has ${entries.contentLength}`,
    )
  }
  return { entries, micros: decodeTimes(times, entries.length), text }
}

/** A whole stream in memory: for listings and times, whose length the record bounds. */
async function readWhole(
  record: SnapshotRecord,
  stream: StoredStream,
  blocks: BlockReader,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  if (stream.extents.block.length === 0) return stream.inline
  const whole = Buffer.allocUnsafeSlow(stream.length) // in pieces and then joined it would be in memory twice
  let length = 0
  const all = { offset: 0, length: stream.length }
  for await (const bytes of readRuns(record, stream.extents, all, blocks, LISTING_RUN, signal)) {
    whole.set(bytes, length)
    length += bytes.length
  }
  return whole.subarray(0, length)
}

/** Runs of frames that are decoded ahead of the reader. */
const READ_AHEAD = 4
/** Plain bytes of a listing that are asked for at once: a request for each frame would take longer than the frames do. */
const LISTING_RUN = 1024 * 1024

/** The bytes of a range of a stream, in pieces, each checked against its chunk's id. */
export function readRange(
  record: SnapshotRecord,
  extents: Extents,
  range: ByteRange,
  blocks: BlockReader,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  return readRuns(record, extents, range, blocks, 0, signal)
}

/** @param runLength plain bytes that are asked for at once, about; each frame by itself when it is 0 */
async function* readRuns(
  record: SnapshotRecord,
  extents: Extents,
  range: ByteRange,
  blocks: BlockReader,
  runLength: number,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  if (range.length === 0) return
  const wanted = wantedFrames(record, extents, range, blocks, runLength, signal)
  const read = (run: FrameRun) =>
    twice(
      async () => checkedRun(run, await blocks.frames(record.blocks[run.range.block]!, run.range, signal), range),
      blocks.onFault,
    )
  for await (const parts of mapOrdered(wanted, READ_AHEAD, read)) yield* parts
}

/** The parts of a run's chunks that lie in the range. @throws {AetherError} `integrity` */
function checkedRun({ index, range: { firstFrame }, chunks }: FrameRun, frames: PlainFrame[], range: ByteRange) {
  return chunks.map((chunk) => {
    const frame = frames[frameOfChunk(index, chunk.chunk) - firstFrame]!
    return trim(chunk, checkedChunk(index, frame, chunk.chunk), range)
  })
}

/** Frames that lie one behind the other, and the chunks of them that follow each other in the stream. */
interface FrameRun {
  index: BlockIndex
  range: FrameRange
  chunks: PlacedChunk[]
  /** Plain bytes of these. */
  length: number
}

async function* wantedFrames(
  record: SnapshotRecord,
  extents: Extents,
  range: ByteRange,
  blocks: BlockReader,
  runLength: number,
  signal?: AbortSignal,
): AsyncGenerator<FrameRun> {
  const end = range.offset + range.length
  for (
    let extent = extentAt(extents, range.offset);
    extent < extents.block.length && extents.start[extent]! < end;
    extent++
  ) {
    const index = await blocks.index(record.blocks[extents.block[extent]!]!, signal)
    const chunks = chunksOf(oneExtent(extents, extent), () => index)
    yield* groupByFrame(
      chunks.filter((c) => c.offset < end && c.offset + c.length > range.offset),
      index,
      runLength,
    )
  }
}

function* groupByFrame(chunks: Iterable<PlacedChunk>, index: BlockIndex, runLength: number): Generator<FrameRun> {
  let run: FrameRun | undefined
  for (const chunk of chunks) {
    const frame = frameOfChunk(index, chunk.chunk)
    const isNext = run?.range.endFrame === frame && run.length < runLength
    if (run?.range.endFrame !== frame + 1 && !isNext) {
      if (run) yield run
      run = newRun(index, chunk.block, frame)
    }
    addChunk(run!, chunk, frame)
  }
  if (run) yield run
}

function newRun(index: BlockIndex, block: number, frame: number): FrameRun {
  const range = { block, firstFrame: frame, endFrame: frame, offset: index.frameStart[frame]!, length: 0 }
  return { index, range, chunks: [], length: 0 }
}

function addChunk(run: FrameRun, chunk: PlacedChunk, frame: number): void {
  run.chunks.push(chunk)
  run.length += chunk.length
  run.range.endFrame = frame + 1
  run.range.length = run.index.frameStart[frame + 1]! - run.range.offset
}

/** The part of a chunk that lies in the range. */
function trim(chunk: PlacedChunk, bytes: Uint8Array, range: ByteRange): Uint8Array {
  return bytes.subarray(Math.max(0, range.offset - chunk.offset), range.offset + range.length - chunk.offset)
}
