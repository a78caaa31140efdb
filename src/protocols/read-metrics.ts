// What a hub counts of the reads of files, which its read cache knows.
import { Counter, type Registry } from 'prom-client'
import type { ReadCounts } from '../dataset/read-cache/read-counts.ts'

export interface ReadMetrics {
  /** Tells the counts of this cache from now on, whenever somebody asks. */
  watch(counts: Readonly<ReadCounts>): void
}

const COUNTERS = {
  memoryHits: ['memory_hits', 'Parts of files that the read cache had in memory, or on their way there'],
  folderHits: ['folder_hits', 'Frames that the read cache had in its folder'],
  misses: ['misses', 'Frames that the read cache took from the store'],
  fetches: ['fetches', 'Requests to the store for them'],
  fetchedBytes: ['fetched_bytes', 'Bytes that these gave'],
  givenBytes: ['given_bytes', 'Bytes of files that were given to readers'],
  damaged: ['damaged', 'Frames that were not what they should be, as the store gave them'],
} as const satisfies Record<keyof ReadCounts, readonly [string, string]>

export function createReadMetrics(registry: Registry): ReadMetrics {
  return {
    watch(counts) {
      for (const [key, [name, help]] of Object.entries(COUNTERS) as [keyof ReadCounts, readonly [string, string]][]) {
        new Counter({
          name: `aetherfs_read_${name}_total`,
          help,
          registers: [registry],
          collect() {
            this.reset()
            this.inc(counts[key])
          },
        })
      }
    },
  }
}
