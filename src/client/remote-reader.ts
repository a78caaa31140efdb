// Checked reads of a snapshot's blocks on a hub. Tails are kept in the cache folder: they never change, and every push and
// pull of a later version asks for them again.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { BlockInfo } from '../core/block.ts'
import { type Digest, sha256Hex } from '../core/id.ts'
import type { DatasetName } from '../core/names.ts'
import { type BlockReader, createBlockReader, type FetchBlock } from '../dataset/block-reader.ts'
import { replaceFile } from '../dataset/replace-file.ts'
import type { Connection } from './connection.ts'

export interface TailCache {
  /** Undefined when it is not there or not what the record names. */
  get(block: BlockInfo): Promise<Uint8Array | undefined>
  put(block: BlockInfo, tail: Uint8Array): Promise<void>
}

/** @param folder the client's cache folder */
export function createTailCache(folder: string): TailCache {
  const pathOf = ({ id }: BlockInfo) => join(folder, 'tails', id.slice(0, 2), id)

  async function get(block: BlockInfo): Promise<Uint8Array | undefined> {
    const tail = await readFile(pathOf(block)).catch(() => undefined) // not there: it is fetched
    return tail && sha256Hex(tail) === block.tailHash ? tail : undefined
  }

  const put = (block: BlockInfo, tail: Uint8Array) => replaceFile(pathOf(block), tail)

  return { get, put }
}

export function createRemoteReader(
  connection: Connection,
  { dataset, digest }: { dataset: DatasetName; digest: Digest },
  tails: TailCache,
): BlockReader {
  const fetch: FetchBlock = async (block, range, signal) => {
    if (range.offset !== block.size - block.tailSize)
      return connection.readBlock(dataset, digest, block.id, range, { signal })
    const kept = await tails.get(block)
    if (kept) return kept
    const tail = await connection.readBlock(dataset, digest, block.id, range, { signal })
    // A tail that cannot be kept costs a request some day, and nothing else.
    if (sha256Hex(tail) === block.tailHash) await tails.put(block, tail).catch(() => {})
    return tail
  }
  return createBlockReader(fetch)
}
