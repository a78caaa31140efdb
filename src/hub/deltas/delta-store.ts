// Deltas in the store. They are derived, so one that is damaged is removed and made anew. docs/format.md, section 10.
import { createHash } from 'node:crypto'
import { type DeltaHeader, decodeHeader, MAX_HEADER } from '../../core/delta/delta-format.ts'
import { AetherError, toAetherError } from '../../core/errors.ts'
import { type Digest, ID_BYTES } from '../../core/id.ts'
import type { DatasetName } from '../../core/names.ts'
import { createLruCache } from '../../dataset/lru-cache.ts'
import { mapOrdered } from '../../dataset/map-ordered.ts'
import { createSemaphore } from '../../dataset/semaphore.ts'
import { keys } from '../../storage/keys.ts'
import type { ByteRange, Storage } from '../../storage/storage.ts'

/** A delta that is kept, in bytes at most: it is in memory as a whole once, when it is stored. */
export const MAX_DELTA = 128 * 1024 * 1024
/** Bytes of a stored delta that are read at once, and such reads ahead of a reader. */
export const DELTA_WINDOW = 2 * 1024 * 1024
export const WINDOWS_AHEAD = 2
/** Stored deltas of which it is remembered what they are. */
const REMEMBERED = 1000

/** A delta that lies in the store. */
export interface StoredDelta {
  key: string
  size: number
  /** Of the stored object. */
  version: string
  header: DeltaHeader
  /** SHA-256 of all bytes but itself, as the delta says: it names the bytes. */
  sum: string
}

export interface DeltaStore {
  /** Undefined when there is none that can be read. */
  find(dataset: DatasetName, from: Digest, to: Digest, signal?: AbortSignal): Promise<StoredDelta | undefined>
  /**
   * The bytes, or a range of them. All of them are checked: when they do not match their sum, the last piece does not come
   * and the delta is removed.
   * @throws {AetherError} `integrity`, `unavailable` when the delta was replaced meanwhile
   */
  read(delta: StoredDelta, range?: ByteRange, signal?: AbortSignal): AsyncGenerator<Uint8Array>
  /** Reads all of it. When it is damaged it is removed. */
  isSound(delta: StoredDelta, signal?: AbortSignal): Promise<boolean>
  /** Stores a whole delta, unless there is one. */
  put(dataset: DatasetName, from: Digest, to: Digest, whole: () => Uint8Array): Promise<void>
}

export function createDeltaStore(storage: Storage): DeltaStore {
  const known = createLruCache<string, StoredDelta>(REMEMBERED, () => 1)
  const putting = createSemaphore(1)

  async function find(
    dataset: DatasetName,
    from: Digest,
    to: Digest,
    signal?: AbortSignal,
  ): Promise<StoredDelta | undefined> {
    const key = keys.delta(dataset, from, to)
    const info = await storage.head(key, { signal })
    if (!info) return undefined
    const before = known.get(key)
    if (before?.version === info.version) return before
    const delta = await look(key, info, signal)
    if (delta === undefined) await remove({ key, version: info.version }, signal)
    else if (delta.header.from === from && delta.header.to === to) known.set(key, delta)
    else return remove({ key, version: info.version }, signal)
    return delta
  }

  /** What begin and end of it say; undefined when they are not those of a delta. */
  async function look(
    key: string,
    { size, version }: { size: number; version: string },
    signal?: AbortSignal,
  ): Promise<StoredDelta | undefined> {
    if (size <= ID_BYTES || size > MAX_DELTA) return undefined
    const end = { offset: size - ID_BYTES, length: ID_BYTES }
    const [first, last] = await Promise.all(
      [{ offset: 0, length: MAX_HEADER }, end].map((range) => storage.get(key, { range, signal })),
    )
    try {
      return {
        key,
        size,
        version,
        header: decodeHeader(first!.bytes).header,
        sum: Buffer.from(last!.bytes).toString('hex'),
      }
    } catch {
      return undefined
    }
  }

  async function* read(delta: StoredDelta, range?: ByteRange, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    if (range !== undefined) return yield* windows(delta, range, signal)
    const sum = createHash('sha256')
    let seen = 0
    for await (const bytes of windows(delta, { offset: 0, length: delta.size }, signal)) {
      sum.update(bytes.subarray(0, Math.max(0, delta.size - ID_BYTES - seen)))
      seen += bytes.length
      if (seen === delta.size && sum.digest('hex') !== delta.sum) throw await damaged(delta, signal)
      yield bytes
    }
  }

  async function damaged(delta: StoredDelta, signal?: AbortSignal): Promise<AetherError> {
    await remove(delta, signal)
    return new AetherError('integrity', 'The stored delta was damaged, and has been removed')
  }

  async function* windows(delta: StoredDelta, range: ByteRange, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    const readOne = async (part: ByteRange) => {
      const { info, bytes } = await storage.get(delta.key, { range: part, signal })
      if (info.version !== delta.version || bytes.length !== part.length)
        throw new AetherError('unavailable', 'The delta was replaced while it was read')
      return bytes
    }
    yield* mapOrdered(partsOf(range), WINDOWS_AHEAD, readOne)
  }

  async function isSound(delta: StoredDelta, signal?: AbortSignal): Promise<boolean> {
    try {
      for await (const _ of read(delta, undefined, signal));
      return true
    } catch (error) {
      if (toAetherError(error).code !== 'integrity') throw error
      return false
    }
  }

  async function remove({ key, version }: { key: string; version: string }, signal?: AbortSignal): Promise<undefined> {
    known.delete(key)
    await storage.delete(key, { ifMatch: version, signal }).catch((error: unknown) => {
      if (toAetherError(error).code !== 'conflict') throw error // else somebody has put another one in its place
    })
  }

  async function put(dataset: DatasetName, from: Digest, to: Digest, whole: () => Uint8Array): Promise<void> {
    await putting.run(async () => {
      await storage.put(keys.delta(dataset, from, to), whole(), { ifAbsent: true }).catch((error: unknown) => {
        if (toAetherError(error).code !== 'conflict') throw error // the other one is as good
      })
    })
  }

  return { find, read, isSound, put }
}

function* partsOf({ offset, length }: ByteRange): Generator<ByteRange> {
  for (let at = offset; at < offset + length; at += DELTA_WINDOW)
    yield { offset: at, length: Math.min(DELTA_WINDOW, offset + length - at) }
}
