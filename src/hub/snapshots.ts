// Stored snapshots, as the hub reads them: records, block indexes and listings, each kept in memory up to a bound.
import type { BlockInfo } from '../core/block.ts'
import { AetherError } from '../core/errors.ts'
import { type BlockId, type Digest, formatDigest } from '../core/id.ts'
import type { DatasetName } from '../core/names.ts'
import { decodeRecord, type SnapshotRecord } from '../core/record.ts'
import { type OnFault, twice } from '../core/twice.ts'
import { type BlockReader, createBlockReader, type IndexCache } from '../dataset/block-reader.ts'
import { createLruCache } from '../dataset/lru-cache.ts'
import { createSemaphore } from '../dataset/semaphore.ts'
import { createSharedWork } from '../dataset/shared-work.ts'
import { type LoadedListing, listingMemory, loadListing } from '../dataset/snapshot-reader.ts'
import { keys } from '../storage/keys.ts'
import type { Storage } from '../storage/storage.ts'
import type { SnapshotSummary, TimedEntry } from './hub.ts'

const RECORD_CACHE_BYTES = 16 * 1024 * 1024
/** Room for the listing of some hundred thousand files: doors ask for it with each look-up. */
const LISTING_CACHE_BYTES = 64 * 1024 * 1024
/** Milliseconds for which a record that was read is taken to be the stored one. */
const TRUSTED_FOR = 1000
/** Listings that are read at once. */
const LISTINGS_AT_ONCE = 2

export interface StoredSnapshot {
  dataset: DatasetName
  record: SnapshotRecord
  /** The record as it is stored. */
  bytes: Uint8Array
  blocks: Map<BlockId, BlockInfo>
}

interface KeptRecord {
  snapshot: StoredSnapshot
  /** Of the stored object. */
  version: string
  /** When the version was looked at last, milliseconds since 1970. */
  looked: number
}

export interface Snapshots {
  /** Checked reads of this store's blocks. */
  reader: BlockReader
  /** @throws {AetherError} `not-found` */
  load(dataset: DatasetName, digest: Digest, signal?: AbortSignal): Promise<StoredSnapshot>
  listing(snapshot: StoredSnapshot, signal?: AbortSignal): Promise<LoadedListing>
  /** The listing of any record, checked against its digest; not kept. Few at once: one may fill hundreds of MiB. */
  readListing(record: SnapshotRecord, signal?: AbortSignal): Promise<LoadedListing>
  /** Forgets a snapshot whose record was rewritten. */
  forget(dataset: DatasetName, digest: Digest): void
}

/** @param onWrongBytes hears of what came wrong from the store, and is read once more */
export function openSnapshots(storage: Storage, indexes: IndexCache, onWrongBytes?: OnFault): Snapshots {
  const records = createLruCache<string, KeptRecord>(
    RECORD_CACHE_BYTES,
    ({ snapshot: s }) => s.bytes.length + s.record.content.extents.start.byteLength * 4,
  )
  const listings = createLruCache<Digest, LoadedListing>(LISTING_CACHE_BYTES, listingMemory)
  const reader = createBlockReader(
    async (block, range, signal) => (await storage.get(keys.block(block.id), { range, signal })).bytes,
    indexes,
    onWrongBytes,
  )

  const readings = createSharedWork<Digest, LoadedListing>() // many ask for one at the same time
  const listingRoom = createSemaphore(LISTINGS_AT_ONCE)

  async function load(dataset: DatasetName, digest: Digest, signal?: AbortSignal): Promise<StoredSnapshot> {
    const key = keys.snapshot(dataset, digest)
    const known = records.get(key)
    if (known && (await isPresent(known, key, signal))) return known.snapshot
    const { snapshot, version } = await twice(() => readRecord(storage, dataset, digest, signal), onWrongBytes)
    records.set(key, { snapshot, version, looked: Date.now() })
    return snapshot
  }

  /** Another hub may rewrite a record, so its version in the store is looked at again now and then. */
  async function isPresent(kept: KeptRecord, key: string, signal?: AbortSignal): Promise<boolean> {
    if (Math.abs(Date.now() - kept.looked) < TRUSTED_FOR) return true
    kept.looked = Date.now()
    return (await storage.head(key, { signal }))?.version === kept.version
  }

  const readListing = (record: SnapshotRecord, signal?: AbortSignal) =>
    listingRoom.run(() => loadListing(record, reader, signal), signal)

  async function listing(snapshot: StoredSnapshot, signal?: AbortSignal): Promise<LoadedListing> {
    const known = listings.get(snapshot.record.digest)
    if (known) return known
    const { record } = snapshot
    const loaded = await readings.run(record.digest, (stop) => readListing(record, stop), signal)
    listings.set(record.digest, loaded)
    return loaded
  }

  return {
    reader,
    load,
    listing,
    readListing,
    forget: (dataset, digest) => records.delete(keys.snapshot(dataset, digest)),
  }
}

async function readRecord(
  storage: Storage,
  dataset: DatasetName,
  digest: Digest,
  signal?: AbortSignal,
): Promise<Omit<KeptRecord, 'looked'>> {
  try {
    const { bytes, info } = await storage.get(keys.snapshot(dataset, digest), { signal })
    return { snapshot: openRecord(bytes, dataset, digest), version: info.version }
  } catch (error) {
    if (!(error instanceof AetherError && error.code === 'not-found')) throw error
    throw new AetherError('not-found', `There is no snapshot ${formatDigest(digest)} in the dataset "${dataset}"`)
  }
}

function openRecord(bytes: Uint8Array, dataset: DatasetName, digest: Digest): StoredSnapshot {
  try {
    const record = decodeRecord(bytes)
    if (record.digest !== digest) throw new Error(`it is that of ${formatDigest(record.digest)}`)
    return { dataset, record, bytes, blocks: new Map(record.blocks.map((block) => [block.id, block])) }
  } catch (cause) {
    throw new AetherError(
      'integrity',
      `The stored record of snapshot ${formatDigest(digest)} of "${dataset}" is damaged`,
      { cause },
    )
  }
}

export function summarize({ record }: StoredSnapshot, { entries }: LoadedListing): Omit<SnapshotSummary, 'deltas'> {
  return {
    digest: record.digest,
    size: record.content.length,
    files: entries.files,
    entries: entries.length,
    blocks: record.blocks.length,
    storedSize: record.blocks.reduce((sum, block) => sum + block.size, 0),
    ...record.provenance,
  }
}

/** One page of a listing: entries whose path begins with `prefix` and comes after `after`. They are one run, because of the order. */
export function pageOfEntries(
  { entries, micros }: LoadedListing,
  { prefix = '', after = '', limit }: { prefix?: string; after?: string; limit: number },
) {
  const items: TimedEntry[] = []
  const first = Math.max(entries.lowerBound(prefix), after === '' ? 0 : placeOf(entries, after) + 1)
  for (let i = first; entries.pathAt(i)?.startsWith(prefix); i++) {
    if (items.length === limit) return { items, next: items.at(-1)!.path }
    items.push({ ...entries.at(i)!, modifiedMicros: micros[i]! })
  }
  return { items, next: undefined }
}

function placeOf(entries: LoadedListing['entries'], path: string): number {
  const place = entries.lowerBound(path)
  if (entries.pathAt(place) !== path) throw new AetherError('invalid', 'The page token is not one that this hub gave')
  return place
}
