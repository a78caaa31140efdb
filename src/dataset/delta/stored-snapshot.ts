// A stored snapshot as deltas need it: its image, and what of it is known without reading content.
import { AetherError } from '../../core/errors.ts'
import { oneExtent } from '../../core/extents.ts'
import type { Entry } from '../../core/listing.ts'
import { chunksOf, type PlacedChunk } from '../../core/plan.ts'
import { decodeRecord, type SnapshotRecord, type StoredStream } from '../../core/record.ts'
import { encodeTimes } from '../../core/times.ts'
import { type BlockReader, createBlockReader, createIndexCache, type FetchBlock } from '../block-reader.ts'
import { loadListing } from '../snapshot-reader.ts'
import { createWindowedFetch } from '../windowed-fetch.ts'
import { createImage, type Image } from './image.ts'
import { openStreamSource } from './stream-source.ts'

/** Bytes of block indexes that are kept for one snapshot. */
const INDEX_BYTES = 8 * 1024 * 1024

export interface OpenedSnapshot {
  record: SnapshotRecord
  entries: readonly Entry[]
  image: Image
  blocks: BlockReader
}

/** Reads listing and times, which stay in memory; content is read as it is asked for. @throws {AetherError} `integrity` */
export async function openStoredSnapshot(recordBytes: Uint8Array, fetch: FetchBlock): Promise<OpenedSnapshot> {
  const record = decodeRecord(recordBytes)
  const blocks = createBlockReader(createWindowedFetch(fetch, { ahead: true }), createIndexCache(INDEX_BYTES))
  const { entries, micros, text } = await loadListing(record, blocks)
  const times = encodeTimes(micros)
  if (times.length !== record.times.length)
    throw new AetherError('integrity', `The times of snapshot ${record.digest} are not in their one spelling`)
  const image = createImage(text, times, openStreamSource(record.blocks, record.content.extents, blocks))
  return { record, entries, image, blocks }
}

type Placed = Pick<OpenedSnapshot, 'record' | 'blocks'>

/** The chunks of a stream, in order. Reads the indexes of its blocks. */
export async function* chunksOfStream(
  { record, blocks }: Placed,
  { extents }: StoredStream,
): AsyncGenerator<PlacedChunk> {
  for (let i = 0; i < extents.block.length; i++) {
    const index = await blocks.index(record.blocks[extents.block[i]!]!)
    yield* chunksOf(oneExtent(extents, i), () => index)
  }
}

/** The chunks of all three streams. */
export async function* allChunks(snapshot: Placed): AsyncGenerator<PlacedChunk> {
  const { listing, times, content } = snapshot.record
  for (const stream of [listing, times, content]) yield* chunksOfStream(snapshot, stream)
}
