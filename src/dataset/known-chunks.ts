// Chunks that a store has already, and where.
import { type BlockIndex, type BlockInfo, chunkCount, chunkIdAt } from '../core/block.ts'
import type { ChunkId } from '../core/id.ts'

export interface KnownChunk {
  block: BlockInfo
  /** Place of the chunk in the block. */
  chunk: number
}

export interface KnownChunks {
  get(id: ChunkId): KnownChunk | undefined
  addBlock(block: BlockInfo, index: BlockIndex): void
}

export function createKnownChunks(): KnownChunks {
  const chunks = new Map<ChunkId, KnownChunk>()

  function addBlock(block: BlockInfo, index: BlockIndex): void {
    for (let chunk = 0; chunk < chunkCount(index); chunk++) {
      const id = chunkIdAt(index, chunk)
      if (!chunks.has(id)) chunks.set(id, { block, chunk })
    }
  }

  return { get: (id) => chunks.get(id), addBlock }
}
