// How much the blocks take that wait for their publish, and how long they are kept.
import { AetherError } from '../../core/errors.ts'
import { createLruCache } from '../../dataset/lru-cache.ts'
import { mapOrdered } from '../../dataset/map-ordered.ts'
import { keys, STAGING } from '../../storage/keys.ts'
import type { ObjectInfo, Storage } from '../../storage/storage.ts'
import { PUBLISHED_LIFETIME } from './published-blocks.ts'

const HOUR = 3600 * 1000
/** Milliseconds for which a block is kept. */
export const STAGED_LIFETIME = 24 * HOUR
/** Milliseconds after which objects are removed. Parts are written before their block: the largest takes 18 hours at the slowest pace. */
const LIFETIMES: Readonly<Record<string, number>> = {
  blocks: STAGED_LIFETIME,
  parts: 2 * STAGED_LIFETIME,
  published: PUBLISHED_LIFETIME,
}
/** Bytes, and objects, of one caller at most. Hubs of one store count by themselves, so it may become somewhat more. */
const MOST = { bytes: 64 * 1024 ** 3, objects: 50_000 } as const
/** Milliseconds after which the store is asked again how much there is. */
const TRUSTED_FOR = 60_000
/** Milliseconds between two looks for what has expired. */
const SWEEP_AFTER = 10_000
/** Objects that are removed at once. */
const REMOVALS_AT_ONCE = 8
/** Callers whose use is remembered. */
const OWNERS = 1000

interface Use {
  bytes: number
  objects: number
  counted: number
}

export interface StagingRoom {
  /** Counts an object that is about to be written. @throws {AetherError} `too-large` */
  take(owner: string, bytes: number, signal?: AbortSignal): Promise<void>
  /** Removes some of what has expired, of all callers. */
  sweep(): Promise<void>
}

export function createStagingRoom(storage: Storage, now: () => number): StagingRoom {
  const uses = createLruCache<string, Use>(OWNERS, () => 1)
  let swept = Number.NEGATIVE_INFINITY
  let place: string | undefined

  async function take(owner: string, bytes: number, signal?: AbortSignal): Promise<void> {
    const known = uses.get(owner)
    const use = known && Math.abs(now() - known.counted) < TRUSTED_FOR ? known : await count(owner, signal)
    if (use.bytes + bytes > MOST.bytes || use.objects + 1 > MOST.objects) throw full()
    use.bytes += bytes
    use.objects++
  }

  async function count(owner: string, signal?: AbortSignal): Promise<Use> {
    const use: Use = { bytes: 0, objects: 0, counted: now() }
    for (const kind of ['blocks', 'parts'] as const) {
      for await (const { size } of list(storage, keys.staged(owner, kind), signal)) {
        use.bytes += size
        use.objects++
      }
    }
    uses.set(owner, use)
    return use
  }

  async function sweep(): Promise<void> {
    if (Math.abs(now() - swept) < SWEEP_AFTER) return
    swept = now()
    const page = await storage.list({ prefix: STAGING, startAfter: place })
    place = page.next
    const old = page.objects.filter(({ key, modified }) => now() - modified > lifetimeOf(key))
    for await (const _ of mapOrdered(old, REMOVALS_AT_ONCE, remove));
  }

  /** One that was uploaded anew meanwhile stays. */
  async function remove({ key, version }: ObjectInfo): Promise<void> {
    await storage.delete(key, { ifMatch: version }).catch(() => {}) // the next look finds it again
  }

  return { take, sweep }
}

/** What is none of ours stays. */
function lifetimeOf(key: string): number {
  return LIFETIMES[key.split('/')[3] ?? ''] ?? Number.POSITIVE_INFINITY
}

async function* list(storage: Storage, prefix: string, signal?: AbortSignal): AsyncGenerator<ObjectInfo> {
  for (let startAfter: string | undefined, more = true; more; more = startAfter !== undefined) {
    const page = await storage.list({ prefix, startAfter, signal })
    yield* page.objects
    startAfter = page.next
  }
}

function full(): AetherError {
  return new AetherError('too-large', 'Too many blocks of yours wait for a publish', {
    hint: `Publish them, or wait until they are forgotten after ${STAGED_LIFETIME / HOUR} hours`,
    detail: { max_bytes: String(MOST.bytes) },
  })
}
