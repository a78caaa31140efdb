// Puts a snapshot record together from chunks that lie in blocks, old and new.
import type { BlockInfo } from '../core/block.ts'
import { createExtentsBuilder } from '../core/extents.ts'
import { type BlockId, type ChunkId, idAt } from '../core/id.ts'
import { blockStream, inlineStream, type SnapshotRecord, type StoredStream } from '../core/record.ts'
import type { KnownChunks } from './known-chunks.ts'
import type { Packer } from './packer.ts'
import type { Chunks, StagedSnapshot } from './stage-stream.ts'

/** The record of a snapshot whose chunks all lie in known or finished blocks. */
export function assembleRecord(
  staged: StagedSnapshot,
  known: KnownChunks,
  packer: Packer,
  words: { message: string; labels: Record<string, string> },
): SnapshotRecord {
  const table = createBlockTable()
  const place = (chunks: Chunks): StoredStream => {
    const extents = createExtentsBuilder()
    chunks.lengths.forEach((length, i) => {
      const { block, chunk } = locate(idAt(chunks.ids, i), known, packer)
      extents.add(table.place(block), chunk, length)
    })
    return blockStream(extents.finish())
  }
  const store = (stream: Uint8Array | Chunks) => (stream instanceof Uint8Array ? inlineStream(stream) : place(stream))
  return {
    digest: staged.digest,
    listing: store(staged.listing),
    times: store(staged.times),
    content: place(staged.content),
    blocks: table.blocks,
    provenance: { creator: '', createdMicros: 0, ...words },
  }
}

function locate(id: ChunkId, known: KnownChunks, packer: Packer): { block: BlockInfo; chunk: number } {
  const old = known.get(id)
  if (old) return old
  const location = packer.location(id)
  if (!location?.block.info) throw new Error(`Chunk ${id} lies in no block`)
  return { block: location.block.info, chunk: location.chunk }
}

function createBlockTable() {
  const blocks: BlockInfo[] = []
  const places = new Map<BlockId, number>()

  function place(block: BlockInfo): number {
    const known = places.get(block.id)
    if (known !== undefined) return known
    places.set(block.id, blocks.length)
    blocks.push(block)
    return blocks.length - 1
  }

  return { blocks, place }
}
