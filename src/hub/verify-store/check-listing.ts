// Checks the listing of a snapshot and its times piece by piece: there may be millions of entries, and none are kept.
import { createHash } from 'node:crypto'
import { AetherError } from '../../core/errors.ts'
import { contentLength, createListingDecoder, type Entry } from '../../core/listing.ts'
import type { SnapshotRecord, StoredStream } from '../../core/record.ts'
import { createTimesDecoder } from '../../core/times.ts'
import type { BlockReader } from '../../dataset/block-reader.ts'
import { readRange } from '../../dataset/snapshot-reader.ts'

/** @throws {AetherError} `integrity` or `invalid` with what is wrong. */
export async function checkListing(record: SnapshotRecord, reader: BlockReader, signal?: AbortSignal): Promise<void> {
  let count = 0
  let length = 0
  for await (const entries of readEntries(record, reader, signal)) {
    count += entries.length
    length += contentLength(entries)
  }
  if (length !== record.content.length)
    throw new AetherError('integrity', `it has ${record.content.length} bytes of files where its listing has ${length}`)
  const times = createTimesDecoder(count, () => {})
  for await (const piece of streamBytes(record, record.times, reader, signal)) times.push(piece)
  times.end()
}

/** The entries as they come; what they are worth is known at the end. @throws {AetherError} when the digest is another. */
export async function* readEntries(
  record: SnapshotRecord,
  reader: BlockReader,
  signal?: AbortSignal,
): AsyncGenerator<Entry[]> {
  const decoder = createListingDecoder()
  const hash = createHash('sha256')
  for await (const piece of streamBytes(record, record.listing, reader, signal)) {
    hash.update(piece)
    yield decoder.push(piece)
  }
  decoder.end()
  if (hash.digest('hex') !== record.digest) throw new AetherError('integrity', 'its listing does not have its digest')
}

async function* streamBytes(
  record: SnapshotRecord,
  stream: StoredStream,
  reader: BlockReader,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  if (stream.extents.block.length === 0) yield stream.inline
  else yield* readRange(record, stream.extents, { offset: 0, length: stream.length }, reader, signal)
}
