// The versions that are in a target already, as seeds for a new one.
import { join } from 'node:path'
import type { DatasetName } from '../../core/names.ts'
import type { LoadedSeed, Seed } from '../../dataset/restore/seed.ts'
import type { TailCache } from '../tail-cache.ts'
import { readAbout, readKeptRecord } from './kept-record.ts'
import { keptIndex } from './kept-tails.ts'
import { allVersions, lastReplacedFirst } from './prune.ts'
import type { TargetLayout, VersionKey } from './target-layout.ts'

/** Seeds at most: each costs the reading of its listing. */
const MAX_SEEDS = 16

/**
 * Versions in the order in which they promise most: `present`, which the link points to, then those of the same dataset
 * that were there last, then others.
 */
export function seedsIn(
  layout: TargetLayout,
  dataset: DatasetName,
  tails: TailCache,
  present: VersionKey | undefined,
): Seed[] {
  const keys = lastReplacedFirst(layout, allVersions(layout))
  const first = keys.filter((key) => key === present)
  const own = keys.filter((key) => readAbout(layout, key)?.dataset === dataset)
  return [...new Set([...first, ...own, ...keys])].slice(0, MAX_SEEDS).map((key) => createSeed(layout, key, tails))
}

function createSeed(layout: TargetLayout, key: VersionKey, tails: TailCache): Seed {
  // Asked for twice in most pulls; but there may be sixteen large ones, so memory may take it back.
  let loaded: WeakRef<LoadedSeed> | undefined

  async function load(): Promise<LoadedSeed | undefined> {
    const known = loaded?.deref()
    if (known) return known
    const kept = await readKeptRecord(layout, key)
    if (kept === undefined) return undefined
    const seed: LoadedSeed = { ...kept, indexOf: (block) => keptIndex(tails, block) }
    loaded = new WeakRef(seed)
    return seed
  }

  return { folder: join(layout.snapshots, key), load }
}
