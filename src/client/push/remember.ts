// Keeps what a push found out, for the next one from the same source.
import type { Digest } from '../../core/id.ts'
import type { Collected } from './collect.ts'
import type { PreparedSource } from './prepare.ts'
import { type CachedPush, cacheLine, writeStatCache } from './stat-cache.ts'

/** @param where what has the snapshot now, as the stat cache names it */
export async function remember(
  source: PreparedSource,
  where: string,
  digest: Digest,
  { chunks, hashes }: Collected,
): Promise<void> {
  const entries = source.entries.map((entry) => {
    const hash = entry.size > 0 ? (hashes.get(entry) ?? '') : ''
    return [entry.path, { line: cacheLine(entry), stamp: entry.stamp, hash, size: entry.size }] as const
  })
  const pushed = source.cached?.digest === digest ? source.cached.pushed : {}
  const cached: CachedPush = {
    digest,
    entries: new Map(entries),
    chunks: { ids: chunks.ids, lengths: Uint32Array.from(chunks.lengths), final: Uint8Array.from(chunks.final) },
    pushed: { ...pushed, [where]: digest },
  }
  source.cached = cached
  await writeStatCache(source.cachePath, cached)
}
