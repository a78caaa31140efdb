// What an update moves for each file that changed: by chunks, from the indexes of the blocks; by delta, from its groups.
import { frameOfChunk } from '../../core/block.ts'
import type { OpenDelta } from '../../core/delta/apply.ts'
import type { DeltaOp } from '../../core/delta/delta-format.ts'
import type { ChunkId } from '../../core/id.ts'
import type { StoredStream } from '../../core/record.ts'
import { createShares, type FileSpans } from './file-spans.ts'
import { allChunks, chunksOfStream, type OpenedSnapshot } from './stored-snapshot.ts'

type Snapshot = Pick<OpenedSnapshot, 'record' | 'blocks'>

/** By file, and behind the files what is of none. */
export interface ChunkBytes {
  /** Bytes in chunks that the old snapshot does not have. */
  changed: number[]
  /** Stored bytes of the frames with these chunks, by what of them is whose. */
  stored: number[]
}

interface Frame {
  stored: number
  weights: Map<number, number>
}

/** Chunks that only hold files which the old snapshot has as well are not moved, and do not count. */
export async function chunkBytes(from: Snapshot, to: Snapshot, spans: FileSpans): Promise<ChunkBytes> {
  const rest = spans.paths.length
  const known = new Set<ChunkId>()
  for await (const { id } of allChunks(from)) known.add(id)
  const changed = new Array<number>(rest + 1).fill(0)
  const frames = new Map<string, Frame>()

  async function count(stream: StoredStream, ownersOf: (begin: number, end: number) => Iterable<Owned>): Promise<void> {
    for await (const { id, offset, length, block, chunk } of chunksOfStream(to, stream)) {
      if (known.has(id)) continue
      for (const owned of ownersOf(offset, offset + length)) {
        changed[owned.file]! += owned.length
        add((await frameAt(block, chunk)).weights, owned)
      }
    }
  }

  async function frameAt(block: number, chunk: number): Promise<Frame> {
    const index = await to.blocks.index(to.record.blocks[block]!)
    const place = frameOfChunk(index, chunk)
    const key = `${block} ${place}`
    const stored = index.frameStart[place + 1]! - index.frameStart[place]!
    const frame = frames.get(key) ?? { stored, weights: new Map() }
    frames.set(key, frame)
    return frame
  }

  await count(to.record.content, spans.within)
  const ofNone = (begin: number, end: number) => [{ file: rest, length: end - begin }]
  for (const stream of [to.record.listing, to.record.times]) await count(stream, ofNone)
  const shares = createShares(rest)
  for (const { stored, weights } of frames.values()) shares.divide(stored, weights)
  return { changed, stored: shares.finish() }
}

interface Owned {
  file: number
  length: number
}

/**
 * Bytes of the delta by file, and behind them what is of none: header, listing and times. A group that makes several files is
 * divided by the bytes that are new in each. Reads the delta to its end.
 * @param size bytes that were read, known when the delta was read
 */
export async function deltaBytes(delta: OpenDelta, spans: FileSpans, size: () => number): Promise<number[]> {
  const { listing, times } = delta.header.toLengths
  const shares = createShares(spans.paths.length)
  let at = -listing - times // in the content
  let grouped = 0
  for await (const { ops, bytes } of delta.groups()) {
    const weights = new Map<number, number>()
    for (const op of ops) at = weigh(op, at, weights, spans)
    shares.divide(bytes, weights)
    grouped += bytes
  }
  shares.divide(size() - grouped, new Map())
  return shares.finish()
}

/** @returns where the next operation begins */
function weigh(
  { copyLength, dataLength }: DeltaOp,
  at: number,
  weights: Map<number, number>,
  spans: FileSpans,
): number {
  const [begin, length] = dataLength > 0 ? [at + copyLength, dataLength] : [at, 1]
  let left = length
  for (const owned of spans.within(begin, begin + length)) {
    add(weights, owned)
    left -= owned.length
  }
  add(weights, { file: spans.paths.length, length: left })
  return at + copyLength + dataLength
}

function add(weights: Map<number, number>, { file, length }: Owned): void {
  if (length > 0) weights.set(file, (weights.get(file) ?? 0) + length)
}
