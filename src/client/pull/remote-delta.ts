// A delta from a version that is in the target to the one that is pulled: its listing and times, checked, and its content
// as a patch for the restore.
import { openDelta } from '../../core/delta/apply.ts'
import { imageLength } from '../../core/delta/delta-format.ts'
import { AetherError } from '../../core/errors.ts'
import { encodeListing } from '../../core/listing.ts'
import type { SnapshotRecord } from '../../core/record.ts'
import { openFolderContent } from '../../dataset/delta/folder-content.ts'
import { createImage, type Image } from '../../dataset/delta/image.ts'
import { createPieceQueue } from '../../dataset/delta/piece-queue.ts'
import type { Patch } from '../../dataset/restore/patch.ts'
import type { LoadedSeed, Seed } from '../../dataset/restore/seed.ts'
import { checkedListing, type LoadedListing } from '../../dataset/snapshot-reader.ts'
import { type DeltaStream, openDeltaStream } from './delta-stream.ts'
import type { Job } from './job.ts'

export interface RemoteDelta {
  listing: LoadedListing
  patch: Patch
  close(): Promise<void>
}

/** Older versions from which a delta is asked for. */
const MAX_BASES = 2
/** A delta of this size, in bytes, is small enough not to ask for others. */
const SMALL = 64 * 1024

/** Undefined when there is none that is less than the blocks that the older version does not have. */
export async function findDelta(
  job: Job,
  record: SnapshotRecord,
  seeds: readonly Seed[],
): Promise<RemoteDelta | undefined> {
  const base = job.deltas ? await bestBase(job, record, seeds) : undefined
  if (base === undefined) return undefined
  try {
    return await open(job, record, base)
  } catch (error) {
    if (!(error instanceof AetherError) || error.code === 'cancelled') throw error
    job.report.warn(`The delta from an older version could not be used: ${error.message}`)
    return undefined
  }
}

interface Base {
  folder: string
  loaded: LoadedSeed
  stream: DeltaStream
}

async function bestBase(job: Job, record: SnapshotRecord, seeds: readonly Seed[]): Promise<Base | undefined> {
  let best: Base | undefined
  for (const { folder, load } of seeds.slice(0, MAX_BASES)) {
    const loaded = await load()
    if (loaded === undefined || !isWhole(loaded)) continue
    const stream = await openDeltaStream(job, record.digest, loaded.record.digest)
    if (stream === undefined || sizeOf(stream) >= bytesOfNewBlocks(record, loaded.record)) continue
    if (best === undefined || sizeOf(stream) < sizeOf(best.stream)) best = { folder, loaded, stream }
    if (sizeOf(best.stream) <= SMALL) break
  }
  return best
}

function isWhole({ onDisk, times }: LoadedSeed): boolean {
  return times !== undefined && onDisk.every((flag) => flag === 1)
}

/** One that is being made is taken to be worth it: its hub gives up when it is not. */
function sizeOf({ size = 0 }: DeltaStream): number {
  return size
}

/** What chunks would cost at most. They cost all of it where the one snapshot was pushed on top of the other. */
function bytesOfNewBlocks(record: SnapshotRecord, base: SnapshotRecord): number {
  const known = new Set(base.blocks.map(({ id }) => id))
  return record.blocks.reduce((sum, { id, size }) => sum + (known.has(id) ? 0 : size), 0)
}

async function open(job: Job, record: SnapshotRecord, { folder, loaded, stream }: Base): Promise<RemoteDelta> {
  const delta = await openDelta(stream.bytes, job.signal)
  checkHeader(delta.header, record, loaded.record)
  const [forWindows, forCopies] = [imageOf(folder, loaded), imageOf(folder, loaded)]
  const close = async () => void (await Promise.all([forWindows.close(), forCopies.close()]))
  try {
    const queue = createPieceQueue(delta.pieces(forWindows.image))
    const { listing: text, times, content } = delta.header.toLengths
    const listingText = await queue.takeBytes(text, forCopies.image)
    const listing = checkedListing(
      record,
      listingText,
      checkedTimes(record, await queue.takeBytes(times, forCopies.image)),
    )
    const pieces = untilEnd(queue.take(content), queue.finish)
    return { listing, patch: { pieces, from: forCopies.image, size: stream.size }, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** No digest covers times. Those of many files are in blocks, and are taken as they come: that reading them costs what a delta spares. */
function checkedTimes({ times: { inline } }: SnapshotRecord, times: Uint8Array): Uint8Array {
  if (inline.length > 0 && Buffer.compare(inline, times) !== 0)
    throw new AetherError('integrity', 'The delta has other modification times than the record')
  return times
}

/** The checksum stands at the very end. */
async function* untilEnd<T>(items: AsyncIterable<T>, finish: () => Promise<void>): AsyncGenerator<T> {
  yield* items
  await finish()
}

type Header = Awaited<ReturnType<typeof openDelta>>['header']

function checkHeader({ from, to, toLengths }: Header, record: SnapshotRecord, base: SnapshotRecord): void {
  const lengths = { listing: record.listing.length, times: record.times.length, content: record.content.length }
  const isRight =
    from === base.digest &&
    to === record.digest &&
    imageLength(toLengths) === imageLength(lengths) &&
    toLengths.listing === lengths.listing &&
    toLengths.times === lengths.times
  if (!isRight) throw new AetherError('integrity', 'The hub sent another delta than it was asked for')
}

function imageOf(folder: string, { entries, times = EMPTY }: LoadedSeed): { image: Image; close(): Promise<void> } {
  const content = openFolderContent(folder, entries)
  return { image: createImage(encodeListing(entries), times, content), close: content.close }
}

const EMPTY = new Uint8Array()
