// Keeps what a push found out, for the next one from the same source.
import { toAetherError } from '../../core/errors.ts'
import type { Digest } from '../../core/id.ts'
import type { ChunkList } from '../../dataset/chunk-list.ts'
import { knowAsPushed } from './known-files.ts'
import type { PreparedSource } from './prepare.ts'
import { writeStatCache } from './stat-cache.ts'

/** @param where what has the snapshot now, as the stat cache names it */
export async function remember(
  source: PreparedSource,
  where: string,
  digest: Digest,
  chunks: ChunkList,
): Promise<void> {
  const pushed = source.last?.digest === digest ? source.last.pushed : {}
  source.last = { digest, chunks, pushed: { ...pushed, [where]: digest } }
  knowAsPushed(source.known, source.entries)
  await writeStatCache(source.cachePath, { last: source.last, known: source.known }, source.entries)
}

/** The push is through, whatever becomes of the caches. */
export async function caching(write: () => Promise<void>): Promise<string[]> {
  try {
    await write()
    return []
  } catch (error) {
    return [
      `The next push has to read everything again, because this one could not write its cache: ${toAetherError(error).message}`,
    ]
  }
}
