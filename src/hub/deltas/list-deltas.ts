// Which deltas out of a snapshot and into it are stored, as far as that is cheap to find out.

import type { Digest } from '../../core/id.ts'
import { parseDigest } from '../../core/id.ts'
import type { DatasetName } from '../../core/names.ts'
import { mapOrdered } from '../../dataset/map-ordered.ts'
import { keys } from '../../storage/keys.ts'
import type { Storage } from '../../storage/storage.ts'
import type { DeltaInfo, LogEntry } from '../hub.ts'

/** Deltas out of a snapshot that are looked at. */
const MOST_OUT = 100
/** Moves of tags, the newest, in whose wake deltas into a snapshot are looked for. */
export const MOVES_LOOKED_AT = 50
const LOOKS_AT_ONCE = 16

export async function deltasOutOf(
  storage: Storage,
  dataset: DatasetName,
  from: Digest,
  signal?: AbortSignal,
): Promise<DeltaInfo[]> {
  const prefix = keys.deltasFrom(dataset, from)
  const { objects } = await storage.list({ prefix, limit: MOST_OUT, signal })
  return objects.flatMap(({ key, size }) => {
    const to = digestIn(key.slice(prefix.length))
    return to === undefined ? [] : [{ from, to, size }]
  })
}

/** Those from where tags were before they moved to the snapshot. */
export async function deltasInto(
  storage: Storage,
  dataset: DatasetName,
  to: Digest,
  moves: readonly LogEntry[],
  signal?: AbortSignal,
): Promise<DeltaInfo[]> {
  const before = new Set(moves.filter((move) => move.to === to).flatMap(({ from }) => from ?? []))
  before.delete(to)
  const look = async (from: Digest) => {
    const info = await storage.head(keys.delta(dataset, from, to), { signal })
    return info ? [{ from, to, size: info.size }] : []
  }
  return (await Array.fromAsync(mapOrdered(before, LOOKS_AT_ONCE, look))).flat()
}

function digestIn(hex: string): Digest | undefined {
  try {
    return parseDigest(`sha256:${hex}`)
  } catch {
    return undefined
  }
}
