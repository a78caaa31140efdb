// Tags and their log in the store. A tag is one object, moved by compare-and-swap; docs/format.md, section 7.
import { randomBytes } from 'node:crypto'
import * as z from 'zod'
import { AetherError } from '../core/errors.ts'
import { type Digest, formatDigest, parseDigest } from '../core/id.ts'
import type { DatasetName, TagName } from '../core/names.ts'
import { type OnFault, twice } from '../core/twice.ts'
import { keys } from '../storage/keys.ts'
import type { Storage } from '../storage/storage.ts'
import { isUndone } from '../storage/undone.ts'
import type { TagAction } from './hub.ts'
import { holds, settleWrite } from './settle-write.ts'
import { encodeJson, parseJson } from './stored-json.ts'

const DigestText = z.string().transform((text) => parseDigest(text))

/** A tag as it is stored. One that was removed stays as a tombstone, so that its log goes on and a version is never written twice. */
const TagObject = z.strictObject({
  /** Null when the tag was removed. */
  digest: DigestText.nullable(),
  /** Where a removed tag pointed last. */
  last: DigestText.nullable(),
  movedMicros: z.int(),
  movedBy: z.string(),
  /** The log entry of the last move: the head of the tag's chain. */
  log: z.string(),
  /** Makes every write differ, also where the store's versions are hashes of the bytes. */
  nonce: z.string(),
})
export type TagObject = z.output<typeof TagObject>

const LogObject = z.strictObject({
  tag: z.string(),
  from: DigestText.nullable(),
  to: DigestText.nullable(),
  who: z.string(),
  whenMicros: z.int(),
  reason: z.string(),
  action: z.enum(['push', 'tag', 'rollback', 'delete']),
  /** The entry of the same tag's move before, or null. */
  previous: z.string().nullable(),
})
export type LogObject = z.output<typeof LogObject>

export interface StoredTag {
  tag: TagObject
  /** For compare-and-swap. */
  version: string
}

/** A change of a tag that is about to be tried. */
export interface TagChange {
  dataset: DatasetName
  name: TagName
  /** Null removes the tag. */
  to: Digest | null
  who: string
  reason: string
  action: TagAction
}

export interface TagStore {
  read(dataset: DatasetName, name: TagName, signal?: AbortSignal): Promise<StoredTag | undefined>
  /**
   * Writes the log entry and then, if the tag still is `from`, the tag: that write is the one commit point.
   * @throws {AetherError} `conflict` when somebody else moved the tag meanwhile.
   */
  swap(change: TagChange, from: StoredTag | undefined, signal?: AbortSignal): Promise<TagObject>
  readLog(dataset: DatasetName, id: string, signal?: AbortSignal): Promise<LogObject>
}

/**
 * @param now milliseconds since 1970
 * @param onWrongBytes hears of what came wrong, and is read once more
 */
export function createTagStore(storage: Storage, now: () => number, onWrongBytes?: OnFault): TagStore {
  /** Time of the last move that was tried here, in microseconds. */
  let lastMove = 0

  async function read(dataset: DatasetName, name: TagName, signal?: AbortSignal): Promise<StoredTag | undefined> {
    try {
      return await twice(() => readOnce(dataset, name, signal), onWrongBytes)
    } catch (error) {
      if (error instanceof AetherError && error.code === 'not-found') return undefined
      throw error
    }
  }

  async function readOnce(dataset: DatasetName, name: TagName, signal?: AbortSignal): Promise<StoredTag> {
    const { info, bytes } = await storage.get(keys.tag(dataset, name), { signal })
    return { tag: parseTag(bytes, dataset, name), version: info.version }
  }

  /**
   * Times of a tag's moves only grow, even when the clocks of two hubs differ: the order of the log is the order of the chain.
   * The clock counts milliseconds; within one, moves of all tags are counted, so that the log has them in their order.
   */
  function timeOfMove(from: StoredTag | undefined): number {
    const clock = Math.floor(now() * 1000)
    const earliest = Math.max(clock, (from?.tag.movedMicros ?? 0) + 1)
    const isSameMoment = lastMove >= earliest && lastMove < clock + 1000
    lastMove = isSameMoment ? lastMove + 1 : earliest
    return lastMove
  }

  async function swap(change: TagChange, from: StoredTag | undefined, signal?: AbortSignal): Promise<TagObject> {
    const { dataset, name, to } = change
    const whenMicros = timeOfMove(from)
    const log = logEntryId(whenMicros)
    await putNew(keys.logEntry(dataset, log), encodeLog(change, from, whenMicros), signal)
    const tag: TagObject = {
      digest: to,
      last: to ?? from?.tag.digest ?? from?.tag.last ?? null,
      movedMicros: whenMicros,
      movedBy: change.who,
      log,
      nonce: randomBytes(8).toString('hex'),
    }
    await commit(dataset, name, tag, from)
    return tag
  }

  /** Not cancelled half-way: the answer to the one write that counts is waited for. */
  async function commit(
    dataset: DatasetName,
    name: TagName,
    tag: TagObject,
    from: StoredTag | undefined,
  ): Promise<void> {
    const condition = from ? { ifMatch: from.version } : { ifAbsent: true }
    try {
      await settleWrite(
        () => storage.put(keys.tag(dataset, name), encodeTag(tag), condition),
        () => isCommitted(dataset, name, tag.log),
      )
    } catch (error) {
      if (isUnclear(error)) throw notKnown(name, error)
      // What cannot be removed is passed over whenever the log is read: no chain names it.
      if (isConflict(error)) await storage.delete(keys.logEntry(dataset, tag.log)).catch(() => {})
      throw error
    }
  }

  /** Whether the move of this log entry is in the chain of its tag. It need not be the last: others may have moved the tag on. */
  async function isCommitted(dataset: DatasetName, name: TagName, log: string): Promise<boolean> {
    let next = (await read(dataset, name))?.tag.log ?? null
    while (next !== null && next < log) next = (await readLog(dataset, next)).previous
    return next === log
  }

  /** @param key has chance in it, so that nobody else writes it */
  function putNew(key: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    return settleWrite(
      () => storage.put(key, bytes, { ifAbsent: true, signal }),
      () => holds(storage, key, bytes, signal),
      signal,
    )
  }

  async function readLog(dataset: DatasetName, id: string, signal?: AbortSignal): Promise<LogObject> {
    const readOnce = async () => {
      const { bytes } = await storage.get(keys.logEntry(dataset, id), { signal })
      return parseLogEntry(bytes, dataset, id)
    }
    return await twice(readOnce, onWrongBytes)
  }

  return { read, swap, readLog }
}

function isConflict(error: unknown): boolean {
  return error instanceof AetherError && error.code === 'conflict'
}

function isUnclear(error: unknown): error is AetherError {
  return error instanceof AetherError && error.code === 'unavailable' && !isUndone(error)
}

function notKnown(name: TagName, cause: AetherError): AetherError {
  return new AetherError('unavailable', `It is not known whether the tag "${name}" moved: ${cause.message}`, {
    cause,
    hint: 'Look where it points before you move it again',
    detail: cause.detail,
  })
}

/** Log entries are named so that a listing of the store gives the newest first. */
const LAST_MICROS = Number.MAX_SAFE_INTEGER

function logEntryId(whenMicros: number): string {
  return `${String(LAST_MICROS - whenMicros).padStart(16, '0')}-${randomBytes(8).toString('hex')}`
}

/** When the move was made, microseconds since 1970; undefined when `id` is none of a log entry. */
export function timeOfLogEntry(id: string): number | undefined {
  const [, time] = /^(\d{16})-[0-9a-f]{16}$/.exec(id) ?? []
  return time === undefined ? undefined : LAST_MICROS - Number(time)
}

/** @throws {AetherError} `integrity` */
export function parseTag(bytes: Uint8Array, dataset: DatasetName, name: TagName): TagObject {
  return parseJson(TagObject, bytes, `tag "${name}" of dataset "${dataset}"`)
}

/** @throws {AetherError} `integrity` */
export function parseLogEntry(bytes: Uint8Array, dataset: DatasetName, id: string): LogObject {
  return parseJson(LogObject, bytes, `log entry "${id}" of dataset "${dataset}"`)
}

function encodeLog(change: TagChange, from: StoredTag | undefined, whenMicros: number): Uint8Array {
  return encodeJson({
    tag: change.name,
    from: digestText(from?.tag.digest ?? null),
    to: digestText(change.to),
    who: change.who,
    whenMicros,
    reason: change.reason,
    action: change.action,
    previous: from?.tag.log ?? null,
  })
}

function encodeTag(tag: TagObject): Uint8Array {
  return encodeJson({ ...tag, digest: digestText(tag.digest), last: digestText(tag.last) })
}

function digestText(digest: Digest | null): string | null {
  return digest === null ? null : formatDigest(digest)
}
