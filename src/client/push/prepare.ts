// Looks at a source: what is in it, and what of that is unchanged since the last push.
import { realpath } from 'node:fs/promises'
import { type ChunkId, type Digest, idAt } from '../../core/id.ts'
import { NO_CHUNKS } from '../../dataset/chunk-list.ts'
import type { EntryTable } from '../../dataset/entry-table.ts'
import type { OldContent } from '../../dataset/scan/reuse.ts'
import type { FilterOptions, SourceListing, SourceSpec } from '../../dataset/source.ts'
import { listSource } from '../../dataset/sources/open-source.ts'
import { detectSource } from '../../dataset/sources/source-spec.ts'
import { createKnownFiles, type KnownFiles } from './known-files.ts'
import { type LastPush, readStatCache, statCachePath } from './stat-cache.ts'

export interface PreparedSource {
  spec: SourceSpec
  entries: EntryTable
  skipped: SourceListing['skipped']
  cachePath: string
  /** What the last push found out; after a push, what this one did. */
  last: LastPush | undefined
  known: KnownFiles
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
  const { last, known = createKnownFiles(entries.length) } = (await readStatCache(cachePath, entries)) ?? {}
  return { spec, entries, skipped, cachePath, last, known }
}

/** The digest, when nothing at all changed since the last push. */
export function unchangedDigest({ known, last }: PreparedSource): Digest | undefined {
  return known.same ? last?.digest : undefined
}

/** The chunks of the last push. @param has whether the hub of this push has a chunk */
export function oldContentOf({ last }: PreparedSource, has: (id: ChunkId) => boolean): OldContent {
  const { ids, lengths, final } = last?.chunks ?? NO_CHUNKS
  const start = new Float64Array(lengths.length + 1)
  for (let i = 0; i < lengths.length; i++) start[i + 1] = start[i]! + lengths[i]!
  return { start, ids, final, usable: Uint8Array.from(final, (_, i) => (has(idAt(ids, i)) ? 1 : 0)) }
}
