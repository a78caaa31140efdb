// Where the content of a stored snapshot is cut, and which chunks its blocks have.
import { lastAtMost } from '../../core/block.ts'
import type { ChunkId } from '../../core/id.ts'
import { segmentsOf } from '../../core/segments.ts'
import { createChunkSet } from './chunk-set.ts'
import type { Copy } from './piece-cursor.ts'
import { allIndexes, chunksOfStream, type OpenedSnapshot } from './stored-snapshot.ts'

export interface KnownCuts {
  /** Whether a block of the snapshot has the chunk. */
  has(id: ChunkId): boolean
  /**
   * Length of the chunk that begins where the copy does, when bytes that are cut anew there are cut in the same way: a cut
   * depends on nothing before it. 0 when it may be otherwise.
   * @param left bytes to the end of the new segment
   */
  at(copy: Copy, left: number): number
}

export async function createKnownCuts(snapshot: OpenedSnapshot): Promise<KnownCuts> {
  const { record, image } = snapshot
  const set = createChunkSet()
  for await (const { chunkIds } of allIndexes(snapshot)) set.addAll(chunkIds)
  const starts: number[] = []
  for await (const { offset } of chunksOfStream(snapshot, record.content)) starts.push(offset)
  starts.push(record.content.length)
  const cuts = Float64Array.from(starts)
  const ends = segmentEnds(snapshot)
  const base = image.lengths.listing + image.lengths.times

  function at(copy: Copy, left: number): number {
    const offset = copy.from - base
    if (offset < 0 || offset >= record.content.length) return 0
    const place = lastAtMost(cuts, offset)
    if (cuts[place] !== offset) return 0
    const length = cuts[place + 1]! - offset
    if (length > copy.length || length > left) return 0
    return length < left && ends.has(cuts[place + 1]!) ? 0 : length // it was cut because its segment ended
  }

  return { has: set.has, at }
}

function segmentEnds({ entries }: OpenedSnapshot): Set<number> {
  const ends = new Set<number>()
  let end = 0
  for (const { length } of segmentsOf(entries.map((entry) => (entry.kind === 'file' ? entry.size : 0)))) {
    end += length
    ends.add(end)
  }
  return ends
}
