// Checked reads of a snapshot's blocks on a hub. Tails are kept: they never change, and every push and pull of a later version
// asks for them again.
import type { Digest } from '../core/id.ts'
import type { DatasetName } from '../core/names.ts'
import { type BlockReader, createBlockReader, type FetchBlock, isTailOf } from '../dataset/block-reader.ts'
import type { Connection } from './connection.ts'
import type { TailCache } from './tail-cache.ts'

export interface RemoteSnapshot {
  dataset: DatasetName
  digest: Digest
}

export function createRemoteReader(connection: Connection, snapshot: RemoteSnapshot, tails: TailCache): BlockReader {
  return createBlockReader(createRemoteFetch(connection, snapshot, tails))
}

export function createRemoteFetch(
  connection: Pick<Connection, 'readBlock'>,
  { dataset, digest }: RemoteSnapshot,
  tails: TailCache,
): FetchBlock {
  return async (block, range, signal) => {
    if (range.offset !== block.size - block.tailSize)
      return connection.readBlock(dataset, digest, block.id, range, { signal })
    const kept = await tails.get(block)
    if (kept) return kept
    const tail = await connection.readBlock(dataset, digest, block.id, range, { signal })
    if (isTailOf(block, tail)) await tails.put(block, tail)
    return tail
  }
}
