// What a check of one object asks about others. Answers come from what is remembered; what is not, because it is new,
// is looked at then and there.
import type { BlockId } from '../../core/id.ts'
import { createLruCache } from '../../dataset/lru-cache.ts'
import type { BlockFacts, LogFacts } from './outcome.ts'
import type { VerifyState } from './state.ts'
import { blockObject, type StoreObject } from './store-object.ts'

export type Unusable = 'damaged' | 'missing'

export interface Lookup {
  block(id: BlockId): Promise<BlockFacts | Unusable>
  snapshot(object: StoreObject): Promise<'sound' | Unusable>
  logEntry(object: StoreObject): Promise<LogFacts | Unusable>
}

/** Facts of blocks that are kept in memory. */
const KEPT_BYTES = 8 * 1024 * 1024
const FACTS_BYTES = 300

/** @param look looks at an object and puts into the state what that brings out */
export function createLookup(state: VerifyState, look: (object: StoreObject) => Promise<void>): Lookup {
  const kept = createLruCache<BlockId, BlockFacts>(KEPT_BYTES, ({ chunkStart }) => chunkStart.byteLength + FACTS_BYTES)

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
    async block(id) {
      const known = kept.get(id)
      if (known) return known
      const found = await find(blockObject(id), () => state.block(id))
      if (typeof found !== 'string') kept.set(id, found)
      return found
    },
    logEntry: (object) => find(object, () => state.logEntry(object.key)),
    snapshot: (object) =>
      find(object, () => (state.hasSnapshot(object.key) && !state.isBad(object.key) ? 'sound' : undefined)),
  }
}
