// What a reader that has the old snapshot would fetch of the new one without a delta: the frames that hold a new chunk.
import { frameOfChunk } from '../../core/block.ts'
import type { ChunkId } from '../../core/id.ts'
import type { PlacedChunk } from '../../core/plan.ts'
import { allChunks, type OpenedSnapshot } from './stored-snapshot.ts'

/** Stored bytes of these frames. A chunk in a block that both name counts as one that the old snapshot has. */
export async function chunkCost(from: OpenedSnapshot, to: OpenedSnapshot): Promise<number> {
  const fresh = new Set<ChunkId>()
  for await (const { id } of candidates(from, to)) fresh.add(id)
  if (fresh.size === 0) return 0
  for await (const { id } of allChunks(from)) fresh.delete(id)
  const frames = new Set<string>()
  let cost = 0
  for await (const { id, block, chunk } of candidates(from, to)) {
    if (!fresh.has(id)) continue
    const index = await to.blocks.index(to.record.blocks[block]!)
    const frame = frameOfChunk(index, chunk)
    if (frames.has(`${block} ${frame}`)) continue
    frames.add(`${block} ${frame}`)
    cost += index.frameStart[frame + 1]! - index.frameStart[frame]!
  }
  return cost
}

async function* candidates(from: OpenedSnapshot, to: OpenedSnapshot): AsyncGenerator<PlacedChunk> {
  const old = new Set(from.record.blocks.map(({ id }) => id))
  for await (const placed of allChunks(to)) if (!old.has(to.record.blocks[placed.block]!.id)) yield placed
}
