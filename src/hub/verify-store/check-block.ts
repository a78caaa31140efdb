// Checks stored blocks whole, on worker threads, a few at a time.
import { availableParallelism } from 'node:os'
import { type BlockInfo, decodeTail, MAX_BLOCK } from '../../core/block.ts'
import { AetherError } from '../../core/errors.ts'
import { freeMemory } from '../../core/free-memory.ts'
import type { BlockId } from '../../core/id.ts'
import { createSemaphore } from '../../dataset/semaphore.ts'
import type { VerifyJob, VerifyResult } from '../../dataset/verify-block-worker.ts'
import { createWorkerPool, type WorkerPool, workerModule } from '../../dataset/worker-pool.ts'
import { type BlockFacts, faultyOutcome, type Outcome, reasonOf, soundOutcome } from './outcome.ts'
import { type ReadableStore, readObject } from './read-object.ts'
import { blockObject } from './store-object.ts'

/** Blocks in memory at once, each of up to 20 MiB. */
const BLOCKS_AT_ONCE = 3
/** Threads: more would wait for blocks to be read. */
const MAX_WORKERS = 2

export type BlockWorkers = WorkerPool<VerifyJob, VerifyResult>

export function createBlockWorkers(): BlockWorkers {
  const module = workerModule('../../dataset/verify-block-worker', import.meta.url)
  return createWorkerPool(module, Math.min(MAX_WORKERS, availableParallelism()))
}

/** Resolves to undefined when there is no such block. */
export type BlockCheck = (id: BlockId, signal?: AbortSignal) => Promise<Outcome | undefined>

export function createBlockCheck(storage: ReadableStore, workers: BlockWorkers): BlockCheck {
  const room = createSemaphore(BLOCKS_AT_ONCE)

  async function checkNow(id: BlockId, signal?: AbortSignal): Promise<Outcome | undefined> {
    const object = blockObject(id)
    const read = await readObject(storage, object.key, MAX_BLOCK, signal)
    if (read === undefined) return undefined
    if ('problem' in read) return faultyOutcome(object, read.problem, read.reason)
    try {
      const block = await verify(id, ownBytes(read.bytes))
      return { ...soundOutcome(object), block }
    } catch (error) {
      if (!(error instanceof AetherError && error.code === 'integrity')) throw error
      return faultyOutcome(object, 'damaged', reasonOf(error))
    }
  }

  async function verify(id: BlockId, job: Uint8Array<ArrayBuffer>): Promise<BlockFacts> {
    const { info, bytes } = await workers.run({ id, bytes: job }, [job.buffer])
    const facts = factsOf(info, bytes)
    freeMemory(bytes)
    return facts
  }

  return (id, signal) => room.run(() => checkNow(id, signal), signal)
}

function factsOf({ size, tailSize, tailHash }: BlockInfo, bytes: Uint8Array): BlockFacts {
  const { chunkStart } = decodeTail(bytes.subarray(size - tailSize), size)
  return { size, tailSize, tailHash, chunkStart }
}

/** Bytes whose memory is nobody else's, so that it can move to a worker. */
function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes
  const isWhole = buffer instanceof ArrayBuffer && buffer.byteLength === bytes.length
  return isWhole ? (bytes as Uint8Array<ArrayBuffer>) : Uint8Array.from(bytes)
}
