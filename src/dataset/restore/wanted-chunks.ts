// From "these bytes of the content are wanted" to the chunks that hold them, in content order.
import type { BlockIndex, BlockInfo } from '../../core/block.ts'
import { type Extents, extentAt, oneExtent } from '../../core/extents.ts'
import { chunksOf, type PlacedChunk } from '../../core/plan.ts'
import type { SnapshotRecord } from '../../core/record.ts'
import { mapOrdered } from '../map-ordered.ts'
import type { Spans } from './file-plan.ts'

/** The index of a block; undefined when it cannot be had and its chunks are to be passed over. */
export type IndexOf = (block: BlockInfo) => Promise<BlockIndex | undefined>

/** Wanted chunks of one extent. */
export interface ChunkRun {
  index: BlockIndex
  chunks: PlacedChunk[]
}

/** Indexes that are fetched ahead. */
const AHEAD = 8

/** Every chunk with a byte in one of the spans, once, in content order. */
export async function* wantedChunks(record: SnapshotRecord, spans: Spans, indexOf: IndexOf): AsyncGenerator<ChunkRun> {
  const { extents } = record.content
  const load = async (extent: number) => ({ extent, index: await indexOf(record.blocks[extents.block[extent]!]!) })
  for await (const { extent, index } of mapOrdered(wantedExtents(extents, spans), AHEAD, load)) {
    if (index === undefined) continue
    const isWanted = createOverlap(spans)
    yield { index, chunks: [...chunksOf(oneExtent(extents, extent), () => index)].filter(isWanted) }
  }
}

function* wantedExtents(extents: Extents, spans: Spans): Generator<number> {
  let next = 0
  for (let span = 0; span < spans.start.length; span++) {
    const first = Math.max(next, extentAt(extents, spans.start[span]!))
    for (next = first; next < extents.block.length && extents.start[next]! < spans.end[span]!; next++) yield next
  }
}

/** Tells of chunks in ascending order whether a span has a byte of them. */
function createOverlap(spans: Spans): (chunk: PlacedChunk) => boolean {
  let span = -1
  return (chunk) => {
    if (span < 0) span = firstEndingAfter(spans, chunk.offset)
    while (span < spans.end.length && spans.end[span]! <= chunk.offset) span++
    return span < spans.end.length && spans.start[span]! < chunk.offset + chunk.length
  }
}

function firstEndingAfter(spans: Spans, offset: number): number {
  let low = 0
  let high = spans.end.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (spans.end[middle]! > offset) high = middle
    else low = middle + 1
  }
  return low
}
