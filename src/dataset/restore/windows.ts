// Cuts the wanted chunks into windows: pieces of work that are fetched as one, several at a time, and written in order.
// A window bounds what lies in memory: not by the bytes that are wanted but by the frames that hold them.
import { type BlockIndex, frameOfChunk } from '../../core/block.ts'
import type { PlacedChunk } from '../../core/plan.ts'
import type { ChunkTable } from './chunk-table.ts'
import { plainOf } from './frame-source.ts'
import type { ChunkRun } from './wanted-chunks.ts'

/** A chunk and, when a seed has it, where; -1 when it comes from the hub. */
export type PlannedChunk = PlacedChunk & { place: number }

export interface Window {
  chunks: PlannedChunk[]
  /** Indexes of the blocks that the chunks lie in. */
  indexAt: (block: number) => BlockIndex
}

/** Plain bytes of a window, where a frame counts as a whole. */
const WINDOW_BYTES = 8 * 1024 * 1024

export async function* windowsOf(runs: AsyncIterable<ChunkRun>, table: ChunkTable | undefined): AsyncGenerator<Window> {
  let draft = newDraft()
  for await (const { index, chunks } of runs) {
    for (const chunk of chunks) {
      if (draft.bytes >= WINDOW_BYTES) {
        yield finish(draft)
        draft = newDraft()
      }
      add(draft, { ...chunk, place: table?.placeOf(chunk.id) ?? -1 }, index)
    }
  }
  if (draft.chunks.length > 0) yield finish(draft)
}

interface Draft {
  chunks: PlannedChunk[]
  indexes: Map<number, BlockIndex>
  frames: Set<string>
  bytes: number
}

function newDraft(): Draft {
  return { chunks: [], indexes: new Map(), frames: new Set(), bytes: 0 }
}

function add(draft: Draft, chunk: PlannedChunk, index: BlockIndex): void {
  draft.chunks.push(chunk)
  draft.indexes.set(chunk.block, index)
  draft.bytes += chunk.place >= 0 ? chunk.length : costOfFrame(draft, chunk, index)
}

function costOfFrame(draft: Draft, chunk: PlannedChunk, index: BlockIndex): number {
  const frame = frameOfChunk(index, chunk.chunk)
  const key = `${chunk.block}/${frame}`
  // A chunk that repeats costs no memory again but must not let a window grow without end either.
  if (draft.frames.has(key)) return chunk.length >>> 4
  draft.frames.add(key)
  return plainOf(index, frame)
}

function finish({ chunks, indexes }: Draft): Window {
  return { chunks, indexAt: (block) => indexes.get(block)! }
}
