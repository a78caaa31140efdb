// A snapshot at the hub: its record and listing, checked, and the way to its blocks.
import type { BlockInfo } from '../../core/block.ts'
import { AetherError } from '../../core/errors.ts'
import type { Digest } from '../../core/id.ts'
import type { Entry } from '../../core/listing.ts'
import { decodeRecord, type SnapshotRecord } from '../../core/record.ts'
import { type OnFault, twice } from '../../core/twice.ts'
import { type BlockReader, createBlockReader, type FetchBlock, isTailOf } from '../../dataset/block-reader.ts'
import type { Patch } from '../../dataset/restore/patch.ts'
import type { Seed } from '../../dataset/restore/seed.ts'
import { createSemaphore } from '../../dataset/semaphore.ts'
import { type LoadedListing, loadListing } from '../../dataset/snapshot-reader.ts'
import type { TailCache } from '../tail-cache.ts'
import type { Job } from './job.ts'
import { findDelta } from './remote-delta.ts'

export interface RemoteSnapshot {
  record: SnapshotRecord
  /** The record as the hub sent it. */
  encoded: Uint8Array
  /** All entries are looked at more than once, so they are there as objects. */
  listing: Omit<LoadedListing, 'entries'> & { entries: readonly Entry[] }
  /** A delta from an older version, when there is one that is worth it. */
  patch: Patch | undefined
  blocks: BlockReader
  fetch: FetchBlock
  /** Lets go of the older version. */
  [Symbol.asyncDispose](): Promise<void>
}

export interface LocalHelp {
  /** Where tails of blocks are kept between pulls. */
  tails?: TailCache
  /** Older versions, the best ones first. */
  seeds?: readonly Seed[]
}

/**
 * Reads record and listing and checks them against the digest; wrong ones are read once more.
 * @throws {AetherError} `integrity`
 */
export async function openRemote(
  job: Job,
  digest: Digest,
  { tails, seeds = [] }: LocalHelp = {},
): Promise<RemoteSnapshot> {
  const fetch = createFetch(job, digest, tails)
  const onFault = (error: AetherError) => job.report.warn(`${error.message}; it was fetched again`)
  return await twice(() => open(job, digest, fetch, seeds, onFault), onFault)
}

async function open(
  job: Job,
  digest: Digest,
  fetch: FetchBlock,
  seeds: readonly Seed[],
  onFault: OnFault,
): Promise<RemoteSnapshot> {
  const { connection, reference, report, signal } = job
  const encoded = await connection.readRecord(reference.dataset, digest, { signal })
  report.downloadedBytes += encoded.length
  try {
    const record = decodeRecord(encoded)
    if (record.digest !== digest)
      throw new AetherError('integrity', `The hub sent the record of ${record.digest} for ${digest}`)
    const blocks = createBlockReader(fetch, undefined, onFault)
    const delta = await findDelta(job, record, seeds)
    const loaded = delta?.listing ?? (await loadListing(record, blocks, signal))
    const listing = { ...loaded, entries: [...loaded.entries] }
    const letGo = async () => await delta?.close()
    return { record, encoded, listing, patch: delta?.patch, blocks, fetch, [Symbol.asyncDispose]: letGo }
  } catch (error) {
    // Malformed here means that the hub or the way from it is at fault, not the caller.
    if (!(error instanceof AetherError && error.code === 'invalid')) throw error
    throw new AetherError('integrity', `The hub sent a record of ${digest} that cannot be read`, { cause: error })
  }
}

/** Parts of blocks, a few at a time, tails out of those that are kept. */
function createFetch(
  { connection, reference, report, concurrency }: Job,
  digest: Digest,
  tails: TailCache | undefined,
): FetchBlock {
  const semaphore = createSemaphore(concurrency)
  const coming = new Map<string, Promise<Uint8Array>>()

  async function fetchPart(...[block, range, signal, into]: Parameters<FetchBlock>) {
    const read = () => connection.readBlock(reference.dataset, digest, block.id, range, { signal, into })
    report.blockRequests++
    const bytes = await semaphore.run(read, signal)
    report.downloadedBytes += bytes.length
    return bytes
  }

  async function fetchTail(block: BlockInfo, signal?: AbortSignal): Promise<Uint8Array> {
    const kept = await tails?.get(block)
    if (kept) return kept
    const range = { offset: block.size - block.tailSize, length: block.tailSize }
    const tail = await fetchPart(block, range, signal)
    if (isTailOf(block, tail)) await tails?.put(block, tail)
    return tail
  }

  /** Several extents in one block ask for its tail at the same time. */
  function shareTail(block: BlockInfo, signal?: AbortSignal): Promise<Uint8Array> {
    const known = coming.get(block.id)
    if (known) return known
    const tail = fetchTail(block, signal).finally(() => coming.delete(block.id))
    coming.set(block.id, tail)
    return tail
  }

  return (block, range, signal, into) =>
    range.offset === block.size - block.tailSize ? shareTail(block, signal) : fetchPart(block, range, signal, into)
}
