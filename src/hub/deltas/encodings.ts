// Deltas that are being made: one for each pair however many ask for it, few at a time, each on a thread of its own.
import { MessageChannel } from 'node:worker_threads'
import { AetherError } from '../../core/errors.ts'
import type { EncodeJob, EncodeRequest, EncodeResult } from '../../dataset/delta/encode-worker.ts'
import { createLruCache } from '../../dataset/lru-cache.ts'
import { answerOver } from '../../dataset/port-calls.ts'
import { createSemaphore } from '../../dataset/semaphore.ts'
import { createWorkerPool, workerModule } from '../../dataset/worker-pool.ts'
import { keys } from '../../storage/keys.ts'
import type { Storage } from '../../storage/storage.ts'
import type { StoredSnapshot } from '../snapshots.ts'
import { type DeltaStore, MAX_DELTA } from './delta-store.ts'
import { createGrowingSpool, type GrowingSpool } from './growing-spool.ts'

/** Deltas that are encoded at once, each with up to 100 MiB beside the listings of both snapshots. */
export const ENCODINGS_AT_ONCE = 2
/** Milliseconds that an encoding waits for its turn before those who ask are told to come back later. */
const WAIT_FOR_ROOM = 20_000
/** Pairs of which it is remembered that a delta is not worth having. */
const HOPELESS = 1000

/** What has become of an encoding. */
export interface EncodedDelta {
  outcome: 'stored' | 'given-up' | 'failed'
  /** Of the delta, as far as it came. */
  bytes: number
  /** Milliseconds. */
  duration: number
}

export interface Encodings {
  /** The bytes as they come; undefined when a delta is not worth having. Whoever gets them has to read them. */
  join(from: StoredSnapshot, to: StoredSnapshot, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array> | undefined>
  /** Resolves when the delta is made and kept, or was given up, or has failed. */
  make(from: StoredSnapshot, to: StoredSnapshot): Promise<void>
  close(): Promise<void>
}

export interface EncodingsDeps {
  storage: Storage
  store: DeltaStore
  onEncoded: (encoded: EncodedDelta) => void
}

interface Encoding {
  spool: GrowingSpool
  /** Whether the delta is worth having. */
  promising: PromiseWithResolvers<boolean>
  /** Resolves at its end, however it ends. */
  ended: Promise<void>
}

export function createEncodings({ storage, store, onEncoded }: EncodingsDeps): Encodings {
  const workers = createWorkerPool<EncodeJob, EncodeResult>(
    workerModule('../../dataset/delta/encode-worker', import.meta.url),
    ENCODINGS_AT_ONCE,
  )
  const room = createSemaphore(ENCODINGS_AT_ONCE)
  const running = new Map<string, Encoding>()
  const hopeless = createLruCache<string, true>(HOPELESS, () => 1)
  const closing = new AbortController()

  /** The one that is under way, or a new one; undefined when there is no use in it. */
  function encodingOf(from: StoredSnapshot, to: StoredSnapshot): Encoding | undefined {
    const key = keys.delta(to.dataset, from.record.digest, to.record.digest)
    return hopeless.get(key) ? undefined : (running.get(key) ?? begin(key, from, to))
  }

  async function join(from: StoredSnapshot, to: StoredSnapshot, signal?: AbortSignal) {
    const encoding = encodingOf(from, to)
    if (encoding === undefined) return undefined
    const { spool, promising } = encoding
    spool.hold()
    try {
      if (await unlessGone(promising.promise, signal)) return readHeld(spool)
    } catch (error) {
      spool.release()
      throw error
    }
    spool.release()
    return undefined
  }

  function begin(key: string, from: StoredSnapshot, to: StoredSnapshot): Encoding {
    const ended = Promise.withResolvers<void>()
    const encoding = { spool: createGrowingSpool(), promising: Promise.withResolvers<boolean>(), ended: ended.promise }
    encoding.promising.promise.catch(() => {}) // those who wait for it hear of it
    running.set(key, encoding)
    room
      .run(() => run(key, from, to, encoding), closing.signal, WAIT_FOR_ROOM)
      .catch((error: unknown) => fail(encoding, error))
      .finally(() => {
        running.delete(key)
        encoding.spool.release()
        ended.resolve()
      })
    return encoding
  }

  async function run(key: string, from: StoredSnapshot, to: StoredSnapshot, encoding: Encoding): Promise<void> {
    const began = performance.now()
    const tell = (outcome: EncodedDelta['outcome']) =>
      onEncoded({ outcome, bytes: encoding.spool.size(), duration: performance.now() - began })
    try {
      const worthwhile = await encode(from, to, encoding)
      if (!worthwhile) {
        hopeless.set(key, true)
        encoding.promising.resolve(false)
        encoding.spool.end({ error: new AetherError('not-found', 'The delta is not worth having') })
        return tell('given-up')
      }
      encoding.spool.end()
      const kept = store.put(to.dataset, from.record.digest, to.record.digest, encoding.spool.whole)
      tell(
        await kept.then(
          () => 'stored' as const,
          () => 'failed' as const, // those who read it have it all the same
        ),
      )
    } catch (error) {
      tell('failed')
      throw error
    }
  }

  async function encode(from: StoredSnapshot, to: StoredSnapshot, encoding: Encoding): Promise<boolean> {
    const { port1: ours, port2: port } = new MessageChannel()
    answerOver<EncodeRequest, Uint8Array | undefined>(ours, (request) => answer(request, encoding))
    try {
      return await workers.run({ port, from: from.bytes, to: to.bytes, most: MAX_DELTA }, [port])
    } finally {
      ours.close()
    }
  }

  async function answer(request: EncodeRequest, { spool, promising }: Encoding): Promise<Uint8Array | undefined> {
    if ('block' in request) {
      const { block, range } = request
      const { bytes } = await storage.get(keys.block(block.id), { range, signal: closing.signal })
      return Uint8Array.from(bytes) // others may read the same ones
    }
    if ('piece' in request) spool.append(request.piece)
    else promising.resolve(true)
    return undefined
  }

  function fail({ spool, promising }: Encoding, error: unknown): void {
    promising.reject(error)
    spool.end({ error })
  }

  async function close(): Promise<void> {
    closing.abort()
    await workers.close()
  }

  return { join, make: async (from, to) => encodingOf(from, to)?.ended, close }
}

/** Lets go of it when it was read, or is not read any more. */
async function* readHeld(spool: GrowingSpool): AsyncGenerator<Uint8Array> {
  try {
    yield* spool.read()
  } finally {
    spool.release()
  }
}

async function unlessGone<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T> {
  const gone = Promise.withResolvers<never>()
  const leave = () => gone.reject(new AetherError('cancelled', 'The caller went away', { cause: signal?.reason }))
  if (signal?.aborted) leave()
  signal?.addEventListener('abort', leave, { once: true })
  try {
    return await Promise.race([promise, gone.promise])
  } finally {
    signal?.removeEventListener('abort', leave)
  }
}
