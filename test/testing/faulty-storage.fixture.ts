// A store that fails as real ones do, by a seed. Hub and wrappers have to keep their promises over it.
import { setTimeout as delay } from 'node:timers/promises'
import { AetherError } from '../../src/core/errors.ts'
import { stopIfAborted } from '../../src/storage/check-options.ts'
import type { ListOptions, ListPage, PutOptions, Storage, StoredObject } from '../../src/storage/storage.ts'
import { createFaults, type FaultRates, type FaultSource, withFlippedBit } from './faults.fixture.ts'
import { newSeed, type Random } from './random.fixture.ts'
import { createStaleness } from './stale-list.fixture.ts'

export const STORAGE_FAULTS = [
  'refused', // not done, and the store says so: `detail.undone`
  'slow-down', // the same, and it says when to come again: `detail.retryAfterMs`
  'dropped', // not done, and nothing says so
  'lost', // done, and the answer is an error all the same
  'truncated', // bytes are missing at the end of what is read
  'flipped', // one bit of what is read is wrong
  'stalled', // answers late
  'hung', // never answers: done or not, the caller has to give up
  'stale', // a list as it was a little while ago. S3 itself is consistent; gateways and replicas may not be
] as const
export type StorageFault = (typeof STORAGE_FAULTS)[number]

const ANY: StorageFault[] = ['refused', 'slow-down', 'dropped', 'stalled', 'hung']
const POSSIBLE: Record<'get' | 'head' | 'put' | 'list' | 'delete', StorageFault[]> = {
  get: [...ANY, 'truncated', 'flipped'],
  head: ANY,
  put: [...ANY, 'lost'],
  list: [...ANY, 'stale'],
  delete: [...ANY, 'lost'],
}

export interface FaultyStorageOptions {
  /** @default newSeed(); the caller prints it. */
  seed?: number
  rates: FaultRates<StorageFault>
  /** Milliseconds of a stall at most. @default 30 */
  stallMs?: number
  /** What the store asks for when it is to be left alone, at most. @default 30 */
  retryAfterMs?: number
  /** Whether a fault may strike what lies under this key. @default always */
  mayStrike?: (fault: StorageFault, key: string) => boolean
}

export interface FaultyStorage extends Pick<FaultSource<StorageFault>, 'injected' | 'totals' | 'ail'> {
  storage: Storage
  seed: number
  /** No more faults, until `ail`. What hangs ends with `unavailable`, as when a connection is closed at last. */
  heal(): void
}

export function createFaultyStorage(storage: Storage, options: FaultyStorageOptions): FaultyStorage {
  const { seed = newSeed(), rates, stallMs = 30, retryAfterMs = 30, mayStrike = () => true } = options
  const faults = createFaults(STORAGE_FAULTS, rates, seed)
  const staleness = createStaleness()
  const hanging = new Set<() => void>()

  function draw(call: keyof typeof POSSIBLE, key: string) {
    const possible = POSSIBLE[call].filter((fault) => mayStrike(fault, key))
    return faults.draw(`${call} ${withoutChance(key)}`, possible)
  }

  /** What can happen to any call; whatever else there is, `perform` does. */
  async function strike<T>(
    fault: StorageFault | undefined,
    random: Random,
    perform: () => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    if (fault === 'refused') throw away('is away', { undone: 'true' })
    if (fault === 'slow-down')
      throw away('wants to be left alone', { undone: 'true', retryAfterMs: String(random.int(0, retryAfterMs)) })
    if (fault === 'dropped') throw away('did not answer')
    if (fault === 'stalled') await delay(random.int(0, stallMs), undefined, { signal }).catch(() => {})
    if (fault === 'hung') return hang(random, perform, signal)
    const answer = perform()
    if (fault !== 'lost') return answer
    await Promise.allSettled([answer])
    throw away('broke the connection off')
  }

  async function hang<T>(random: Random, perform: () => Promise<T>, signal?: AbortSignal): Promise<never> {
    const givenUp = endOfHang(signal)
    if (random.chance(0.5)) await Promise.allSettled([perform()])
    await givenUp
    stopIfAborted(signal)
    throw away('closed the connection at last')
  }

  function endOfHang(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        hanging.delete(end)
        signal?.removeEventListener('abort', end)
        resolve()
      }
      hanging.add(end)
      signal?.addEventListener('abort', end)
      if (signal?.aborted) end()
    })
  }

  return {
    seed,
    injected: faults.injected,
    totals: faults.totals,
    ail: faults.ail,
    heal() {
      faults.heal()
      for (const end of hanging) end()
    },
    storage: {
      get(key, options) {
        const { fault, random } = draw('get', key)
        const read = async () => damaged(await storage.get(key, options), fault, random)
        return strike(fault, random, read, options?.signal)
      },
      head(key, options) {
        const { fault, random } = draw('head', key)
        return strike(fault, random, () => storage.head(key, options), options?.signal)
      },
      put(key, bytes, options: PutOptions = {}) {
        const { fault, random } = draw('put', key)
        const taken = Uint8Array.from(bytes) // a caller may use its buffer again, and a stalled write is late
        const put = () => storage.put(key, taken, options)
        const perform = () => (options.ifAbsent ? staleness.watchCreation(put()) : put())
        return strike(fault, random, perform, options.signal)
      },
      list(options: ListOptions): Promise<ListPage> {
        const { fault, random } = draw('list', options.prefix)
        const list = async () => {
          const page = await storage.list(options)
          return fault === 'stale' ? staleness.age(page, options, random) : page
        }
        return strike(fault, random, list, options.signal)
      },
      async delete(key, options) {
        const { fault, random } = draw('delete', key)
        const info = await storage.head(key)
        const remove = () => staleness.watchDelete(info, storage.delete(key, options))
        return strike(fault, random, remove, options?.signal)
      },
      close: () => storage.close(),
    },
  }
}

/** Names of log entries differ from run to run, so that they would bring other faults each time. */
function withoutChance(key: string): string {
  return key.replace(/\/log\/.*$/, '/log/*')
}

function damaged(object: StoredObject, fault: StorageFault | undefined, random: Random): StoredObject {
  const { bytes } = object
  if (fault === 'flipped') return { ...object, bytes: withFlippedBit(bytes, random) }
  if (fault !== 'truncated' || bytes.length === 0) return object
  return { ...object, bytes: bytes.slice(0, random.int(0, bytes.length - 1)) }
}

function away(what: string, detail: Record<string, string> = {}): AetherError {
  return new AetherError('unavailable', `The faulty store ${what}`, { detail })
}
