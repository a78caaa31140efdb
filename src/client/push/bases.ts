// What the hub has already and this caller may use again: the chunks of the base snapshots. docs/architecture.md, "Push".
import type { BlockIndex, BlockInfo } from '../../core/block.ts'
import { chunkCount, chunkIdAt } from '../../core/block.ts'
import { AetherError } from '../../core/errors.ts'
import type { ChunkId, Digest } from '../../core/id.ts'
import type { DatasetName } from '../../core/names.ts'
import { decodeRecord, type SnapshotRecord } from '../../core/record.ts'
import type { BlockReader } from '../../dataset/block-reader.ts'
import { mapOrdered } from '../../dataset/map-ordered.ts'
import type { Connection } from '../connection.ts'
import { createRemoteReader } from '../remote-reader.ts'
import type { TailCache } from '../tail-cache.ts'

/** A snapshot that the hub has. */
export interface Base {
  dataset: DatasetName
  digest: Digest
}

/** Where the hub keeps a chunk. */
export interface KnownChunk {
  block: BlockInfo
  chunk: number
}

export interface OpenBase extends Base {
  record: SnapshotRecord
  reader: BlockReader
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

/** Gone, or damaged at the hub or on the way. A push can do without: the chunks of this base are sent again. */
const USELESS = ['not-found', 'integrity', 'invalid']

/** The base's record, or undefined when it is of no use. */
export async function openBase(
  connection: Connection,
  base: Base,
  tails: TailCache,
  signal?: AbortSignal,
): Promise<OpenBase | undefined> {
  try {
    const record = decodeRecord(await connection.readRecord(base.dataset, base.digest, { signal }))
    return { ...base, record, reader: createRemoteReader(connection, base, tails) }
  } catch (error) {
    if (error instanceof AetherError && USELESS.includes(error.code)) return undefined
    throw error
  }
}

/** Block indexes that are fetched at once. */
const FETCHES = 8

/** Adds every chunk of a base's blocks. A block that the hub has lost is passed over, so that its chunks are sent again. */
export async function addBase(known: KnownChunks, { record, reader }: OpenBase, signal?: AbortSignal): Promise<void> {
  const read = async (block: BlockInfo) => ({ block, index: await reader.index(block, signal).catch(unlessLost) })
  for await (const { block, index } of mapOrdered(record.blocks, FETCHES, read)) if (index) known.addBlock(block, index)
}

function unlessLost(error: unknown): undefined {
  if (!(error instanceof AetherError && ['not-found', 'integrity'].includes(error.code))) throw error
}
