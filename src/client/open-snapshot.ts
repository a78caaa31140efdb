// A snapshot on a hub, opened for reading files without pulling it.

import type { TimedEntry } from '../core/dataset.ts'
import { AetherError } from '../core/errors.ts'
import type { Digest } from '../core/id.ts'
import type { Entry, FileEntry } from '../core/listing.ts'
import { decodeRecord, type SnapshotRecord } from '../core/record.ts'
import type { BlockReader } from '../dataset/block-reader.ts'
import { loadListing, readRange } from '../dataset/snapshot-reader.ts'
import type { OpenFile, OpenSnapshot, Resolved } from './client.ts'
import type { Connection } from './connection.ts'
import { createRemoteReader, type RemoteSnapshot } from './remote-reader.ts'
import type { TailCache } from './tail-cache.ts'

/** @throws {AetherError} `integrity` when the hub gives another snapshot than was asked for. */
export async function openSnapshot(
  connection: Connection,
  resolved: Resolved,
  tails: TailCache,
  signal?: AbortSignal,
): Promise<OpenSnapshot> {
  const reader = createRemoteReader(connection, resolved, tails)
  const { record, listing } = await readSnapshot(connection, resolved, reader, signal)
  const { entries, micros } = listing
  const timed = Array.from(entries, (entry, i): TimedEntry => ({ ...entry, modifiedMicros: micros[i]! }))
  const places = placeFiles(entries)

  function file(path: string): OpenFile {
    const place = places.get(path)
    if (!place)
      throw new AetherError(
        'not-found',
        `There is no file ${JSON.stringify(path)} in ${resolved.dataset}@sha256:${resolved.digest}`,
      )
    return openFile(record, reader, place)
  }

  return { ...resolved, entries: timed, file }
}

/** Record and listing, checked. @throws {AetherError} `integrity` when the hub gives another snapshot than was asked for */
export async function readSnapshot(
  connection: Connection,
  { dataset, digest }: RemoteSnapshot,
  reader: BlockReader,
  signal?: AbortSignal,
) {
  return openRecord(await connection.readRecord(dataset, digest, { signal }), digest, reader, signal)
}

/** The same for a record as the hub gave it. */
export async function openRecord(recordBytes: Uint8Array, digest: Digest, reader: BlockReader, signal?: AbortSignal) {
  try {
    const record = decodeRecord(recordBytes)
    if (record.digest !== digest)
      throw new AetherError('integrity', `The hub sent the record of ${record.digest} for ${digest}`)
    return { recordBytes, record, listing: await loadListing(record, reader, signal) }
  } catch (error) {
    // Malformed here means that the hub or the way from it is at fault, not the caller.
    if (!(error instanceof AetherError && error.code === 'invalid')) throw error
    throw new AetherError('integrity', `The hub sent a record of ${digest} that cannot be read`, { cause: error })
  }
}

interface PlacedFile {
  entry: FileEntry
  /** First byte in the content. */
  start: number
}

function placeFiles(entries: Iterable<Entry>): Map<string, PlacedFile> {
  const places = new Map<string, PlacedFile>()
  let start = 0
  for (const entry of entries) {
    if (entry.kind !== 'file') continue
    places.set(entry.path, { entry, start })
    start += entry.size
  }
  return places
}

function openFile(record: SnapshotRecord, reader: BlockReader, { entry, start }: PlacedFile): OpenFile {
  const { path, size, hash } = entry

  async function* stream({
    offset = 0,
    length = size - offset,
    signal,
  }: {
    offset?: number
    length?: number
    signal?: AbortSignal
  } = {}) {
    if (!(Number.isInteger(offset) && offset >= 0 && Number.isInteger(length) && length >= 0)) {
      throw new RangeError(`Not a range of bytes: ${length} from ${offset}`)
    }
    const end = Math.min(size, offset + length)
    if (offset >= end) return
    yield* readRange(record, record.content.extents, { offset: start + offset, length: end - offset }, reader, signal)
  }

  async function read(offset: number, length: number, { signal }: { signal?: AbortSignal } = {}): Promise<Uint8Array> {
    const parts: Uint8Array[] = []
    for await (const part of stream({ offset, length, signal })) parts.push(part)
    return Buffer.concat(parts)
  }

  return { path, size, hash, read, stream }
}
