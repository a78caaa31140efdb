// Takes in blocks: bounded memory, whole check on worker threads, then the store, then a receipt.
import type { BlockInfo } from '../core/block.ts'
import { decodeTail, FOOTER_BYTES, MAX_BLOCK } from '../core/block.ts'
import { AetherError, toAetherError } from '../core/errors.ts'
import { type BlockId, sha256Hex } from '../core/id.ts'
import type { IndexCache } from '../dataset/block-reader.ts'
import { createBufferPool } from '../dataset/buffer-pool.ts'
import { createSemaphore } from '../dataset/semaphore.ts'
import type { VerifyJob, VerifyResult } from '../dataset/verify-block-worker.ts'
import { createWorkerPool, workerModule } from '../dataset/worker-pool.ts'
import { keys } from '../storage/keys.ts'
import type { Storage } from '../storage/storage.ts'
import { isUndone } from '../storage/undone.ts'
import { createPace } from './pace.ts'

/** Blocks in memory at once. More would come close to the hub's 300 MiB; clients beyond that wait before they send. */
const UPLOADS_AT_ONCE = 4
/** Milliseconds that an upload waits for its turn before it is told to come back later. */
const WAIT_FOR_ROOM = 20_000

export interface Uploads {
  take(id: BlockId, size: number, body: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<BlockInfo>
  /** Stores a block that is known to be good. */
  keep(info: BlockInfo, bytes: Uint8Array, signal?: AbortSignal): Promise<void>
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
    return room.run(() => takeNow(id, size, body, signal), signal, WAIT_FOR_ROOM)
  }

  async function takeNow(
    id: BlockId,
    size: number,
    body: AsyncIterable<Uint8Array>,
    signal?: AbortSignal,
  ): Promise<BlockInfo> {
    const buffer = buffers.take()
    const read = await readBody(body, size, buffer).catch((error: unknown) => {
      buffers.give(buffer) // nobody else has it yet
      throw error
    })
    const { info, bytes } = await check(id, read)
    await keep(info, bytes, signal)
    buffers.give(new Uint8Array(bytes.buffer))
    return info
  }

  function check(id: BlockId, bytes: Uint8Array<ArrayBuffer>): Promise<VerifyResult> {
    return workers.run({ id, bytes }, [bytes.buffer])
  }

  async function keep(info: BlockInfo, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    await store(info, bytes, signal)
    indexes.set(info.id, decodeTail(bytes.subarray(bytes.length - info.tailSize), bytes.length))
  }

  async function store(info: BlockInfo, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    try {
      await storage.put(keys.block(info.id), bytes, { ifAbsent: true, sha256: info.id, signal })
    } catch (error) {
      const { code } = toAetherError(error)
      if (isUndone(error) || !['conflict', 'unavailable'].includes(code)) throw error
      if (code === 'conflict' && (await isSound(info, signal))) return
      // It was damaged outside of us, or nobody knows whether it is there: these checked bytes are right in any case.
      await storage.put(keys.block(info.id), bytes, { sha256: info.id, signal })
    }
  }

  async function isSound({ id, size }: BlockInfo, signal?: AbortSignal): Promise<boolean> {
    try {
      const range = { offset: 0, length: size + 1 } // one more byte would tell a longer object
      return sha256Hex((await storage.get(keys.block(id), { range, signal })).bytes) === id
    } catch (error) {
      if (error instanceof AetherError && ['not-found', 'too-large', 'integrity'].includes(error.code)) return false
      throw error
    }
  }

  return { take, keep, close: () => workers.close() }
}

/**
 * Exactly `size` bytes of a body, in the buffer.
 * @throws {AetherError} `integrity` when there are more or fewer, `unavailable` when they come so slowly that a few such
 *   bodies would keep everybody else from uploading
 */
async function readBody(
  body: AsyncIterable<Uint8Array>,
  size: number,
  buffer: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = buffer.subarray(0, size)
  const checkPace = createPace()
  let length = 0
  for await (const piece of body) {
    if (length + piece.length > size)
      throw new AetherError('integrity', `The block is longer than the ${size} bytes that were announced`)
    bytes.set(piece, length)
    length += piece.length
    checkPace(length)
  }
  if (length < size) throw new AetherError('integrity', `The block ends after ${length} of ${size} bytes`)
  return bytes
}
