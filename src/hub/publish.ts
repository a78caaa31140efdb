// Publish: the record is checked against blocks that the caller may use, stored, and only then do tags point to it.
import type { BlockInfo } from '../core/block.ts'
import { AetherError, toAetherError } from '../core/errors.ts'
import { oneExtent } from '../core/extents.ts'
import { type BlockId, formatDigest } from '../core/id.ts'
import { type DatasetName, isVersionTag } from '../core/names.ts'
import { chunksOf } from '../core/plan.ts'
import { decodeRecord, encodeRecord, type SnapshotRecord, type StoredStream } from '../core/record.ts'
import { verifyContent } from '../dataset/verify-content.ts'
import { keys } from '../storage/keys.ts'
import type { PutOptions, Storage } from '../storage/storage.ts'
import type { Caller, PublishRequest, PublishResult, TagResult } from './hub.ts'
import type { Permit } from './permit.ts'
import type { Receipts } from './receipts.ts'
import { holds, settleWrite } from './settle-write.ts'
import type { Snapshots, StoredSnapshot } from './snapshots.ts'
import type { TagStore } from './tag-store.ts'
import { checkMove, moveTag } from './tags.ts'

/** Bases of one publish at most. */
const MAX_BASES = 64
/** Tags of one publish at most. */
const MAX_TAGS = 64
/** Bytes of message, labels and reason together at most. */
const MAX_WORDS = 16 * 1024

export interface PublisherDeps {
  storage: Storage
  snapshots: Snapshots
  tags: TagStore
  receipts: Receipts
  permit: Permit
  now: () => number
}

export type Publish = (caller: Caller, request: PublishRequest, signal?: AbortSignal) => Promise<PublishResult>

export function createPublisher({ storage, snapshots, tags, receipts, permit, now }: PublisherDeps): Publish {
  async function publish(caller: Caller, request: PublishRequest, signal?: AbortSignal): Promise<PublishResult> {
    permit.check(caller, 'push', request.dataset)
    const record = decodeRecord(request.record)
    checkBounds(request, record)
    await checkTags(request, record, signal)
    await checkBlocks(caller, request, record, signal)
    await checkStreams(record, signal)
    const existed = await storeRecord(caller, request.dataset, record, signal)
    return { digest: record.digest, existed, tags: await moveTags(caller, request, record, signal) }
  }

  /** Before anything is stored: may every tag move as things stand? */
  async function checkTags(request: PublishRequest, record: SnapshotRecord, signal?: AbortSignal): Promise<void> {
    for (const { tag, expected } of request.tags)
      checkMove(tag, await tags.read(request.dataset, tag, signal), record.digest, expected)
  }

  /** Every block carries a receipt of this caller or lies in a base that the caller may pull. A digest alone is no capability. */
  async function checkBlocks(
    caller: Caller,
    request: PublishRequest,
    record: SnapshotRecord,
    signal?: AbortSignal,
  ): Promise<void> {
    const usable = new Map<BlockId, BlockInfo>()
    for (const receipt of request.receipts) {
      const block = receipts.check(caller, request.dataset, receipt)
      usable.set(block.id, block)
    }
    for (const base of request.bases) {
      permit.check(caller, 'pull', base.dataset)
      for (const block of (await snapshots.load(base.dataset, base.digest, signal)).record.blocks)
        usable.set(block.id, block)
    }
    for (const block of record.blocks) {
      if (!sameBlock(block, usable.get(block.id))) {
        throw new AetherError(
          'denied',
          `The record names block ${block.id}, for which there is neither a receipt nor a base`,
          {
            hint: 'Push again: blocks that may not be used are sent anew',
          },
        )
      }
    }
  }

  /** Every extent fits its block, and the listing is the one that the digest names. */
  async function checkStreams(record: SnapshotRecord, signal?: AbortSignal): Promise<void> {
    for (const stream of [record.listing, record.times, record.content])
      await walkStream(record, stream, () => {}, signal)
    await snapshots.readListing(record, signal)
  }

  async function walkStream(
    record: SnapshotRecord,
    stream: StoredStream,
    visit: (id: string) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    const { extents } = stream
    for (let i = 0; i < extents.block.length; i++) {
      const index = await snapshots.reader.index(record.blocks[extents.block[i]!]!, signal)
      for (const chunk of chunksOf(oneExtent(extents, i), () => index)) visit(chunk.id)
    }
  }

  /** @returns whether the dataset had the snapshot already. */
  async function storeRecord(
    caller: Caller,
    dataset: DatasetName,
    record: SnapshotRecord,
    signal?: AbortSignal,
  ): Promise<boolean> {
    const provenance = { ...record.provenance, creator: caller.subject, createdMicros: Math.floor(now() * 1000) }
    try {
      await putRecord({ ...record, provenance }, dataset, { ifAbsent: true }, signal)
      return false
    } catch (error) {
      if (!(error instanceof AetherError && error.code === 'conflict')) throw error
      await keepSounder(dataset, { ...record, provenance }, signal)
      return true
    }
  }

  /**
   * The dataset has a record of this digest. With the same chunks it is as good as the new one. With others, one of the two
   * may not hold what the listing says, and a push that succeeds must be readable: then both are read.
   */
  async function keepSounder(dataset: DatasetName, record: SnapshotRecord, signal?: AbortSignal): Promise<void> {
    const key = keys.snapshot(dataset, record.digest)
    const present = await snapshots.load(dataset, record.digest, signal).catch(() => undefined)
    if (present && (await sameChunks(present.record, record, signal))) return
    if (present && (await isSound(present, signal))) return
    const { entries } = await snapshots.readListing(record, signal)
    await verifyContent(record, entries, snapshots.reader, signal)
    const info = await storage.head(key, { signal })
    await putRecord(record, dataset, info ? { ifMatch: info.version } : { ifAbsent: true }, signal)
    snapshots.forget(dataset, record.digest)
  }

  /** Who made the record, and when, is in its bytes: they tell whether it was this one that was written. */
  function putRecord(
    record: SnapshotRecord,
    dataset: DatasetName,
    condition: PutOptions,
    signal?: AbortSignal,
  ): Promise<void> {
    const key = keys.snapshot(dataset, record.digest)
    const bytes = encodeRecord(record)
    return settleWrite(
      () => storage.put(key, bytes, { ...condition, signal }),
      () => holds(storage, key, bytes, signal),
      signal,
    )
  }

  async function sameChunks(a: SnapshotRecord, b: SnapshotRecord, signal?: AbortSignal): Promise<boolean> {
    const ids: string[][] = [[], []]
    try {
      await walkStream(a, a.content, (id) => ids[0]!.push(id), signal)
    } catch (error) {
      if (toAetherError(error).code === 'cancelled') throw error
      return false
    }
    await walkStream(b, b.content, (id) => ids[1]!.push(id), signal)
    return ids[0]!.length === ids[1]!.length && ids[0]!.every((id, i) => id === ids[1]![i])
  }

  async function isSound(present: StoredSnapshot, signal?: AbortSignal): Promise<boolean> {
    try {
      await verifyContent(present.record, (await snapshots.listing(present, signal)).entries, snapshots.reader, signal)
      return true
    } catch (error) {
      if (!['integrity', 'not-found'].includes(toAetherError(error).code)) throw error
      return false
    }
  }

  /** Versions first: they can be refused where channels cannot, and then no channel has moved yet. */
  async function moveTags(
    caller: Caller,
    request: PublishRequest,
    record: SnapshotRecord,
    signal?: AbortSignal,
  ): Promise<TagResult[]> {
    const results = new Map<string, TagResult>()
    const ordered = [...request.tags].sort((a, b) => Number(isVersionTag(b.tag)) - Number(isVersionTag(a.tag)))
    for (const { tag, expected } of ordered) {
      const change = {
        dataset: request.dataset,
        name: tag,
        to: record.digest,
        who: caller.subject,
        reason: request.reason,
        action: 'push' as const,
      }
      try {
        results.set(tag, await moveTag(tags, change, expected, signal))
      } catch (error) {
        const moved = [...results.values()].filter(isMove).map((result) => result.tag.name)
        throw moved.length === 0 ? error : partly(error, tag, moved)
      }
    }
    return request.tags.map(({ tag }) => results.get(tag)!)
  }

  return publish
}

function isMove({ tag, previous }: TagResult): boolean {
  return previous !== tag.digest
}

function partly(cause: unknown, tag: string, moved: string[]): AetherError {
  const { code, message, hint, detail } = toAetherError(cause)
  const outcome = code === 'unavailable' ? 'may not have' : 'did not'
  const reason = code === 'internal' ? 'something went wrong inside the hub' : message // which may name anything
  return new AetherError('partial', `The tags ${moved.join(', ')} moved, and "${tag}" ${outcome}: ${reason}`, {
    cause,
    hint,
    detail,
  })
}

function sameBlock(a: BlockInfo, b: BlockInfo | undefined): boolean {
  return b !== undefined && a.size === b.size && a.tailSize === b.tailSize && a.tailHash === b.tailHash
}

function checkBounds(request: PublishRequest, record: SnapshotRecord): void {
  if (request.bases.length > MAX_BASES) throw new AetherError('too-large', `A publish names at most ${MAX_BASES} bases`)
  if (request.tags.length > MAX_TAGS) throw new AetherError('too-large', `A publish moves at most ${MAX_TAGS} tags`)
  if (request.tags.length === 0)
    throw new AetherError(
      'invalid',
      `A snapshot needs a tag: nothing else would point to ${formatDigest(record.digest)}`,
    )
  if (new Set(request.tags.map((t) => t.tag)).size < request.tags.length)
    throw new AetherError('invalid', 'A publish names a tag twice')
  const words = JSON.stringify([record.provenance.message, record.provenance.labels, request.reason]).length
  if (words > MAX_WORDS)
    throw new AetherError('too-large', `Message, labels and reason are over ${MAX_WORDS} characters together`)
}
