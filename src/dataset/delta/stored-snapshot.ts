// A stored snapshot as deltas need it: its image, and what of it is known without reading content.
import type { BlockIndex } from '../../core/block.ts'
import { AetherError } from '../../core/errors.ts'
import { oneExtent } from '../../core/extents.ts'
import type { BlockId } from '../../core/id.ts'
import type { Entry } from '../../core/listing.ts'
import { chunksOf, type PlacedChunk } from '../../core/plan.ts'
import { decodeRecord, type SnapshotRecord, type StoredStream } from '../../core/record.ts'
import { encodeTimes } from '../../core/times.ts'
import { type BlockReader, createBlockReader, createIndexCache, type FetchBlock } from '../block-reader.ts'
import { mapOrdered } from '../map-ordered.ts'
import { loadListing } from '../snapshot-reader.ts'
import type { FrameSpill } from './frame-spill.ts'
import { createGrowingWindows } from './growing-windows.ts'
import { createImage, type Image } from './image.ts'
import { openStreamSource } from './stream-source.ts'

/** Bytes of block indexes that are kept for one snapshot. */
const INDEX_BYTES = 8 * 1024 * 1024
/** Indexes that are read at once. */
const INDEXES_AHEAD = 8

export interface OpenedSnapshot {
  record: SnapshotRecord
  entries: readonly Entry[]
  image: Image
  blocks: BlockReader
}

/**
 * Reads listing and times, which stay in memory; content is read as it is asked for.
 * @param spill for one that is read here and there
 * @throws {AetherError} `integrity`
 */
export async function openStoredSnapshot(
  recordBytes: Uint8Array,
  fetch: FetchBlock,
  spill?: FrameSpill,
): Promise<OpenedSnapshot> {
  const record = decodeRecord(recordBytes)
  const reader = createBlockReader(createGrowingWindows(fetch), createIndexCache(INDEX_BYTES))
  const blocks = { ...reader, index: readOnceAtATime(reader.index) }
  const { entries, micros, text } = await loadListing(record, blocks)
  const times = encodeTimes(micros)
  if (times.length !== record.times.length)
    throw new AetherError('integrity', `The times of snapshot ${record.digest} are not in their one spelling`)
  const image = createImage(text, times, openStreamSource(record.blocks, record.content.extents, blocks, spill))
  return { record, entries: [...entries], image, blocks }
}

/** Those who want the index of a block while it is read wait for the same read. */
function readOnceAtATime(read: BlockReader['index']): BlockReader['index'] {
  const reading = new Map<BlockId, Promise<BlockIndex>>()
  return (block, signal) => {
    const known = reading.get(block.id)
    if (known) return known
    const index = read(block, signal).finally(() => reading.delete(block.id))
    reading.set(block.id, index)
    return index
  }
}

type Placed = Pick<OpenedSnapshot, 'record' | 'blocks'>

/** The chunks of a stream, in order. Reads the indexes of its blocks. */
export async function* chunksOfStream(
  { record, blocks }: Placed,
  { extents }: StoredStream,
): AsyncGenerator<PlacedChunk> {
  const places = extents.block.keys()
  const open = async (i: number) => ({ i, index: await blocks.index(record.blocks[extents.block[i]!]!) })
  for await (const { i, index } of mapOrdered(places, INDEXES_AHEAD, open))
    yield* chunksOf(oneExtent(extents, i), () => index)
}

/** The chunks of all three streams. */
export async function* allChunks(snapshot: Placed): AsyncGenerator<PlacedChunk> {
  const { listing, times, content } = snapshot.record
  for (const stream of [listing, times, content]) yield* chunksOfStream(snapshot, stream)
}

/** The indexes of all blocks that the record names. */
export function allIndexes({ record, blocks }: OpenedSnapshot): AsyncGenerator<BlockIndex> {
  return mapOrdered(record.blocks, INDEXES_AHEAD, (block) => blocks.index(block))
}
