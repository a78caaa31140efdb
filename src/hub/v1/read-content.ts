// Ranges of a snapshot's content, all checked, for readers that take long runs of it.
import type { BlockInfo } from '../../core/block.ts'
import type { SnapshotRecord } from '../../core/record.ts'
import { createBlockReader, type FetchBlock, type IndexCache } from '../../dataset/block-reader.ts'
import { createSemaphore } from '../../dataset/semaphore.ts'
import { readRange } from '../../dataset/snapshot-reader.ts'
import { createWindowedFetch } from '../../dataset/windowed-fetch.ts'
import { keys } from '../../storage/keys.ts'
import type { Storage } from '../../storage/storage.ts'

/** Ranges that are read at once. Each holds up to 10 MiB, for as long as its reader likes. */
const READS_AT_ONCE = 16
/** Milliseconds that others wait before they are told to come back later. */
const WAIT_FOR_ROOM = 20_000
/** From this length on, what lies between frames is read with them, so that it takes fewer requests. */
const LONG_RANGE = 1024 * 1024

export type ReadContent = (
  record: SnapshotRecord,
  range: { offset: number; length: number },
  signal?: AbortSignal,
) => AsyncGenerator<Uint8Array>

export function createContentReads(storage: Storage, indexes: IndexCache): ReadContent {
  const room = createSemaphore(READS_AT_ONCE)
  const fetch: FetchBlock = async (block: BlockInfo, range, signal) =>
    (await storage.get(keys.block(block.id), { range, signal })).bytes

  return async function* read(record, range, signal) {
    const leave = await enter(signal)
    try {
      const from = range.length < LONG_RANGE ? fetch : createWindowedFetch(fetch)
      yield* readRange(record, record.content.extents, range, createBlockReader(from, indexes), signal)
    } finally {
      leave()
    }
  }

  /** A place is held as long as the reader goes on. */
  async function enter(signal?: AbortSignal): Promise<() => void> {
    const entered = Promise.withResolvers<void>()
    const left = Promise.withResolvers<void>()
    const hold = () => {
      entered.resolve()
      return left.promise
    }
    room.run(hold, signal, WAIT_FOR_ROOM).catch(entered.reject)
    await entered.promise
    return left.resolve
  }
}
