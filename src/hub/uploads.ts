// Takes in blocks: bounded memory, whole check on worker threads, then the store, then a receipt.
import type { BlockInfo } from '../core/block.ts'
import { decodeTail, FOOTER_BYTES, MAX_BLOCK } from '../core/block.ts'
import { AetherError } from '../core/errors.ts'
import type { BlockId } from '../core/id.ts'
import type { IndexCache } from '../dataset/block-reader.ts'
import { createBufferPool } from '../dataset/buffer-pool.ts'
import { createSemaphore } from '../dataset/semaphore.ts'
import type { VerifyJob, VerifyResult } from '../dataset/verify-block-worker.ts'
import { createWorkerPool, workerModule } from '../dataset/worker-pool.ts'
import { keys } from '../storage/keys.ts'
import type { Storage } from '../storage/storage.ts'

/** Blocks in memory at once. More would come close to the hub's 300 MiB; clients beyond that wait before they send. */
const UPLOADS_AT_ONCE = 6

export interface Uploads {
  take(id: BlockId, size: number, body: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<BlockInfo>
  close(): Promise<void>
}

export function createUploads(storage: Storage, indexes: IndexCache): Uploads {
  const room = createSemaphore(UPLOADS_AT_ONCE)
  const buffers = createBufferPool(MAX_BLOCK, UPLOADS_AT_ONCE)
  const workers = createWorkerPool<VerifyJob, VerifyResult>(
    workerModule('../dataset/verify-block-worker', import.meta.url),
  )

  async function take(
    id: BlockId,
    size: number,
    body: AsyncIterable<Uint8Array>,
    signal?: AbortSignal,
  ): Promise<BlockInfo> {
    if (size > MAX_BLOCK)
      throw new AetherError('too-large', `A block of ${size} bytes is over the limit of ${MAX_BLOCK}`)
    if (size <= FOOTER_BYTES) throw new AetherError('integrity', `A block of ${size} bytes holds nothing`)
    return room.run(async () => {
      const { info, bytes } = await check(id, await readBody(body, size, buffers.take()))
      await store(info, bytes, signal)
      indexes.set(id, decodeTail(bytes.subarray(bytes.length - info.tailSize), bytes.length))
      buffers.give(new Uint8Array(bytes.buffer))
      return info
    }, signal)
  }

  function check(id: BlockId, bytes: Uint8Array<ArrayBuffer>): Promise<VerifyResult> {
    return workers.run({ id, bytes }, [bytes.buffer])
  }

  async function store(info: BlockInfo, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    try {
      await storage.put(keys.block(info.id), bytes, { ifAbsent: true, signal })
    } catch (error) {
      if (!(error instanceof AetherError && error.code === 'conflict')) throw error
      // The block is there already. One that is cut short was damaged outside of us; these checked bytes mend it.
      const present = await storage.head(keys.block(info.id), { signal })
      if (present?.size !== info.size) await storage.put(keys.block(info.id), bytes, { signal })
    }
  }

  return { take, close: () => workers.close() }
}

/** Exactly `size` bytes of a body, in the buffer. @throws {AetherError} `integrity` when there are more or fewer. */
async function readBody(
  body: AsyncIterable<Uint8Array>,
  size: number,
  buffer: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = buffer.subarray(0, size)
  let length = 0
  for await (const piece of body) {
    if (length + piece.length > size)
      throw new AetherError('integrity', `The block is longer than the ${size} bytes that were announced`)
    bytes.set(piece, length)
    length += piece.length
  }
  if (length < size) throw new AetherError('integrity', `The block ends after ${length} of ${size} bytes`)
  return bytes
}
