// What the hub has already and this caller may use again: the chunks of the base snapshots. docs/architecture.md, "Push".
import type { BlockInfo } from '../../core/block.ts'
import { AetherError } from '../../core/errors.ts'
import type { Digest } from '../../core/id.ts'
import type { DatasetName } from '../../core/names.ts'
import { decodeRecord, type SnapshotRecord } from '../../core/record.ts'
import type { BlockReader } from '../../dataset/block-reader.ts'
import type { KnownChunks } from '../../dataset/known-chunks.ts'
import { mapOrdered } from '../../dataset/map-ordered.ts'
import type { Connection } from '../connection.ts'
import { createRemoteReader } from '../remote-reader.ts'
import type { TailCache } from '../tail-cache.ts'

/** A snapshot that the hub has. */
export interface Base {
  dataset: DatasetName
  digest: Digest
}

export interface OpenBase extends Base {
  record: SnapshotRecord
  reader: BlockReader
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
