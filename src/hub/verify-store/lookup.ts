// What a check of one object asks about others. Answers come from what is remembered; what is not, because it is new,
// is looked at then and there.
import type { BlockId } from '../../core/id.ts'
import { createLruCache } from '../../dataset/lru-cache.ts'
import type { LogFacts } from './outcome.ts'
import type { VerifyState } from './state.ts'
import { blockObject, type StoreObject } from './store-object.ts'

export type Unusable = 'damaged' | 'missing'

export interface Lookup {
  /** Start of each chunk in the plain bytes of a block; one more entry for their sum. */
  chunkStarts(id: BlockId): Promise<Uint32Array | Unusable>
  snapshot(object: StoreObject): Promise<'sound' | Unusable>
  logEntry(object: StoreObject): Promise<LogFacts | Unusable>
}

/** Starts of chunks that are kept in memory. */
const KEPT_BYTES = 2 * 1024 * 1024

/** @param look looks at an object and puts into the state what that brings out */
export function createLookup(state: VerifyState, look: (object: StoreObject) => Promise<void>): Lookup {
  const kept = createLruCache<BlockId, Uint32Array>(KEPT_BYTES, (starts) => starts.byteLength + 200)

  /** What is remembered, else what a look brings out. */
  async function find<T>(object: StoreObject, recall: () => T | undefined): Promise<T | Unusable> {
    for (const isLast of [false, true]) {
      const known = recall()
      if (known !== undefined) return known
      if (state.isBad(object.key)) return 'damaged'
      if (!isLast) await look(object)
    }
    return 'missing'
  }

  return {
    async chunkStarts(id) {
      const known = kept.get(id)
      if (known) return known
      const found = await find(blockObject(id), () => state.chunkStarts(id))
      if (typeof found !== 'string') kept.set(id, found)
      return found
    },
    logEntry: (object) => find(object, () => state.logEntry(object.key)),
    snapshot: (object) =>
      find(object, () => (state.hasSnapshot(object.key) && !state.isBad(object.key) ? 'sound' : undefined)),
  }
}
