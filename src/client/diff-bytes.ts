// What differs between two snapshots on hubs, and what an update from the one to the other moves.

import type { TimedEntry } from '../core/dataset.ts'
import { openDelta } from '../core/delta/apply.ts'
import { AetherError } from '../core/errors.ts'
import type { SnapshotRecord } from '../core/record.ts'
import type { BlockReader } from '../dataset/block-reader.ts'
import { changedSpans, type FileSpans } from '../dataset/delta/file-spans.ts'
import { chunkBytes, deltaBytes } from '../dataset/delta/moved-bytes.ts'
import type { DiffBytes, MovedBytes, Resolved } from './client.ts'
import type { Connection } from './connection.ts'
import { diffListings } from './diff.ts'
import { readSnapshot } from './open-snapshot.ts'
import { openDeltaStream } from './pull/delta-stream.ts'
import { createRemoteReader } from './remote-reader.ts'
import type { TailCache } from './tail-cache.ts'

export interface Side {
  connection: Connection
  resolved: Resolved
  record: SnapshotRecord
  entries: readonly TimedEntry[]
  blocks: BlockReader
}

export async function openSide(
  connection: Connection,
  resolved: Resolved,
  tails: TailCache,
  signal?: AbortSignal,
): Promise<Side> {
  const blocks = createRemoteReader(connection, resolved, tails)
  const { record, listing } = await readSnapshot(connection, resolved, blocks, signal)
  const { entries, micros } = listing
  const timed = Array.from(entries, (entry, i): TimedEntry => ({ ...entry, modifiedMicros: micros[i]! }))
  return { connection, resolved, record, entries: timed, blocks }
}

export async function diffBytes(from: Side, to: Side, signal?: AbortSignal): Promise<DiffBytes> {
  const spans = changedSpans(from.entries, to.entries)
  const { changed, stored } = await chunkBytes(from, to, spans)
  const delta = await deltaBetween(from, to, spans, signal)
  const places = new Map(spans.paths.map((path, i) => [path, i]))
  const at = (i: number): MovedBytes => ({ changed: changed[i]!, chunks: stored[i]!, delta: delta?.[i] })
  const nothing: MovedBytes = { changed: 0, chunks: 0, delta: delta && 0 }
  const differences = Array.from(diffListings(from.entries, to.entries), (difference) => {
    const place = places.get(difference.path)
    return { ...difference, moved: place === undefined ? nothing : at(place) }
  })
  const total = { changed: sumOf(changed), chunks: sumOf(stored), delta: delta && sumOf(delta) }
  return { differences, rest: at(spans.paths.length), total }
}

/** Undefined when the hub has none. */
async function deltaBetween(
  from: Side,
  to: Side,
  spans: FileSpans,
  signal?: AbortSignal,
): Promise<number[] | undefined> {
  const { connection, resolved } = to
  if (connection !== from.connection || resolved.dataset !== from.resolved.dataset) return undefined
  if (resolved.digest === from.resolved.digest) return undefined
  const report = { downloadedBytes: 0, deltaBytes: 0 }
  const download = { connection, reference: { dataset: resolved.dataset }, report, signal }
  const stream = await openDeltaStream(download, resolved.digest, from.resolved.digest)
  if (stream === undefined) return undefined
  const delta = await openDelta(stream.bytes, signal)
  const { listing, times, content } = delta.header.toLengths
  const isRight =
    delta.header.to === resolved.digest &&
    listing === to.record.listing.length &&
    times === to.record.times.length &&
    content === to.record.content.length
  if (!isRight) throw new AetherError('integrity', 'The hub sent another delta than it was asked for')
  return deltaBytes(delta, spans, () => report.deltaBytes)
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}
