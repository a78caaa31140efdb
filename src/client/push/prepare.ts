// Looks at a source: what is in it, and what of that is unchanged since the last push.
import { realpath } from 'node:fs/promises'
import type { ChunkId, Digest, FileHash } from '../../core/id.ts'
import { type Segment, segmentsOf } from '../../core/segments.ts'
import type { KnownFile, OldContent } from '../../dataset/scan/reuse.ts'
import type { FilterOptions, SourceEntry, SourceListing, SourceSpec } from '../../dataset/source.ts'
import { listSource } from '../../dataset/sources/open-source.ts'
import { detectSource } from '../../dataset/sources/source-spec.ts'
import { type CachedPush, readStatCache, statCachePath, unchangedHash } from './stat-cache.ts'

export interface PreparedSource {
  spec: SourceSpec
  entries: SourceEntry[]
  skipped: SourceListing['skipped']
  cachePath: string
  /** What the last push found out; after a push, what this one did. */
  cached: CachedPush | undefined
}

export async function prepareSource(
  path: string,
  filter: FilterOptions,
  cacheFolder: string,
  signal?: AbortSignal,
): Promise<PreparedSource> {
  const spec = await detectSource(path)
  const { entries, skipped } = await listSource(spec, filter, signal)
  const cachePath = statCachePath(cacheFolder, JSON.stringify([spec.kind, await realpath(spec.path), filter]))
  return { spec, entries, skipped, cachePath, cached: await readStatCache(cachePath) }
}

/** The hash of each file that is unchanged since the last push. */
export function knownHashes({ entries, cached }: PreparedSource): Map<SourceEntry, FileHash> {
  const known = new Map<SourceEntry, FileHash>()
  for (const entry of entries) {
    const hash = unchangedHash(cached, entry)
    if (hash) known.set(entry, hash)
  }
  return known
}

/** The digest, when nothing at all changed since the last push. */
export function unchangedDigest({ entries, cached }: PreparedSource): Digest | undefined {
  const same =
    cached?.entries.size === entries.length && entries.every((entry) => unchangedHash(cached, entry) !== undefined)
  return same ? cached.digest : undefined
}

/** Files of a source, in content order. */
export function segmentsOfSource(entries: readonly SourceEntry[]): Segment<SourceEntry>[] {
  return [...segmentsOf(entries.filter((entry) => entry.kind === 'file'))]
}

/** The chunks of the last push. @param has whether the hub of this push has a chunk */
export function oldContentOf(cached: CachedPush | undefined, has: (id: ChunkId) => boolean): OldContent {
  const { ids, lengths, final } = cached?.chunks ?? { ids: [], lengths: new Uint32Array(), final: new Uint8Array() }
  const start = new Float64Array(ids.length + 1)
  for (let i = 0; i < ids.length; i++) start[i + 1] = start[i]! + lengths[i]!
  return { start, ids, final, usable: Uint8Array.from(ids, (id) => (has(id) ? 1 : 0)) }
}

/** For each file of each segment, where it stood in the old content if it did not change. */
export function knownFiles(segments: readonly Segment<SourceEntry>[], cached: CachedPush | undefined): KnownFile[][] {
  const offsets = oldOffsets(cached)
  return segments.map(({ files }) =>
    files.map((file) => ({
      size: file.size,
      oldOffset: unchangedHash(cached, file) === undefined ? -1 : (offsets.get(file.path) ?? -1),
    })),
  )
}

function oldOffsets(cached: CachedPush | undefined): Map<string, number> {
  const offsets = new Map<string, number>()
  let offset = 0
  for (const [path, { size, hash }] of cached?.entries ?? []) {
    if (hash === '') continue
    offsets.set(path, offset)
    offset += size
  }
  return offsets
}
