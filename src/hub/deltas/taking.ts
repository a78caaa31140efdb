// Takes in deltas of producers: the body is set aside, taken apart into blocks on a worker thread, and kept for readers.
import { MessageChannel } from 'node:worker_threads'
import type { BlockInfo } from '../../core/block.ts'
import { AetherError } from '../../core/errors.ts'
import type { Digest } from '../../core/id.ts'
import type { PackedDelta, TakeJob, TakeRequest } from '../../dataset/delta/take-worker.ts'
import { answerOver } from '../../dataset/port-calls.ts'
import { createSemaphore } from '../../dataset/semaphore.ts'
import { createWorkerPool, workerModule } from '../../dataset/worker-pool.ts'
import { keys } from '../../storage/keys.ts'
import type { Storage } from '../../storage/storage.ts'
import { createPace } from '../pace.ts'
import type { StoredSnapshot } from '../snapshots.ts'
import { type DeltaStore, MAX_DELTA } from './delta-store.ts'
import { createGrowingSpool, type GrowingSpool } from './growing-spool.ts'

/** Bodies that come in at once; other clients wait before they send. */
const BODIES_AT_ONCE = 4
/** Milliseconds for which they wait before they are told to come back later. */
const WAIT_FOR_ROOM = 20_000
/** Deltas that are taken apart at once. */
const TAKES_AT_ONCE = 1

export interface Taking {
  /** The blocks with all that is new. @throws {AetherError} `integrity` when the delta does not make the snapshot `to` */
  take(
    from: StoredSnapshot,
    to: Digest,
    size: number,
    body: AsyncIterable<Uint8Array>,
    signal?: AbortSignal,
  ): Promise<PackedDelta[]>
  close(): Promise<void>
}

export interface TakingDeps {
  storage: Storage
  store: DeltaStore
  /** Stores a block that is known to be good. */
  keepBlock(info: BlockInfo, bytes: Uint8Array, signal?: AbortSignal): Promise<void>
}

export function createTaking({ storage, store, keepBlock }: TakingDeps): Taking {
  const workers = createWorkerPool<TakeJob, PackedDelta[]>(
    workerModule('../../dataset/delta/take-worker', import.meta.url),
    TAKES_AT_ONCE,
  )
  const bodies = createSemaphore(BODIES_AT_ONCE)
  const takes = createSemaphore(TAKES_AT_ONCE)

  async function take(
    from: StoredSnapshot,
    to: Digest,
    size: number,
    body: AsyncIterable<Uint8Array>,
    signal?: AbortSignal,
  ): Promise<PackedDelta[]> {
    if (size > MAX_DELTA)
      throw new AetherError('too-large', `A delta of ${size} bytes is over the limit of ${MAX_DELTA}`)
    return bodies.run(() => setAside(from, to, size, body, signal), signal, WAIT_FOR_ROOM)
  }

  async function setAside(
    from: StoredSnapshot,
    to: Digest,
    size: number,
    body: AsyncIterable<Uint8Array>,
    signal?: AbortSignal,
  ): Promise<PackedDelta[]> {
    const spool = createGrowingSpool()
    try {
      await readBody(body, size, spool)
      const blocks = await takes.run(() => takeApart(from, to, size, spool, signal), signal)
      await store.put(from.dataset, from.record.digest, to, spool.whole).catch(() => {}) // it can be made again, and the blocks are there
      return blocks
    } finally {
      spool.release()
    }
  }

  async function takeApart(
    from: StoredSnapshot,
    to: Digest,
    size: number,
    spool: GrowingSpool,
    signal?: AbortSignal,
  ): Promise<PackedDelta[]> {
    const { port1: ours, port2: port } = new MessageChannel()
    const pieces = spool.read()
    answerOver<TakeRequest, Uint8Array | undefined>(ours, async (request) => {
      if (signal?.aborted) throw new AetherError('cancelled', 'The client went away', { cause: signal.reason })
      if ('next' in request) return (await pieces.next()).value ?? undefined
      if ('keep' in request) return void (await keepBlock(request.keep, request.bytes, signal))
      const { block, range } = request
      return Uint8Array.from((await storage.get(keys.block(block.id), { range, signal })).bytes)
    })
    try {
      return await workers.run({ port, from: from.bytes, to, size }, [port])
    } finally {
      ours.close()
    }
  }

  return { take, close: workers.close }
}

/** @throws {AetherError} `integrity` when there are more or fewer bytes, `unavailable` when they come too slowly */
async function readBody(body: AsyncIterable<Uint8Array>, size: number, spool: GrowingSpool): Promise<void> {
  const checkPace = createPace()
  for await (const piece of body) {
    if (spool.size() + piece.length > size)
      throw new AetherError('integrity', `The delta is longer than the ${size} bytes that were announced`)
    spool.append(piece)
    checkPace(spool.size())
  }
  if (spool.size() < size) throw new AetherError('integrity', `The delta ends after ${spool.size()} of ${size} bytes`)
  spool.end()
}
