// Storages that behave badly in ways that a test decides on. What a good one does: src/storage/storage.ts.
import { AetherError } from '../../src/core/errors.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import type { Storage } from '../../src/storage/storage.ts'
import type { Random } from './random.fixture.ts'

type Call = 'get' | 'head' | 'put' | 'list' | 'delete'

/** Calls `around` in the place of each call, with the key or prefix, and the call itself. */
export function wrapStorage(
  storage: Storage,
  around: <T>(call: Call, key: string, perform: () => Promise<T>) => Promise<T>,
): Storage {
  return {
    get: (key, options) => around('get', key, () => storage.get(key, options)),
    head: (key, options) => around('head', key, () => storage.head(key, options)),
    put: (key, bytes, options) => around('put', key, () => storage.put(key, bytes, options)),
    list: (options) => around('list', options.prefix, () => storage.list(options)),
    delete: (key, options) => around('delete', key, () => storage.delete(key, options)),
    close: () => storage.close(),
  }
}

export interface DyingStorage {
  storage: Storage
  /** From now on, so many calls succeed, and none after them. With "after", the first that fails is carried out all the same. */
  dieAfter(calls: number, how: 'before' | 'after'): void
  revive(): void
}

/** A store that goes away. @param counted the calls that are counted; others go on until one of these has failed. */
export function dyingStorage(storage: Storage, counted: readonly Call[]): DyingStorage {
  let left = Number.POSITIVE_INFINITY
  let how: 'before' | 'after' = 'before'
  let dying = false
  const dead = () => new AetherError('unavailable', 'The store has gone away')

  async function around<T>(call: Call, _key: string, perform: () => Promise<T>): Promise<T> {
    if (dying) throw dead()
    if (!counted.includes(call) || left-- > 0) return perform()
    dying = true
    if (how === 'after') await perform()
    throw dead()
  }

  return {
    storage: wrapStorage(storage, around),
    dieAfter(calls, when) {
      left = calls
      how = when
    },
    revive() {
      dying = false
      left = Number.POSITIVE_INFINITY
    },
  }
}

/** All objects of a store in a new one. */
export async function copyOf(storage: Storage): Promise<Storage> {
  const copy = createMemoryStorage()
  let startAfter: string | undefined
  do {
    const page = await storage.list({ prefix: '', startAfter })
    for (const { key } of page.objects) await copy.put(key, (await storage.get(key)).bytes)
    startAfter = page.next
  } while (startAfter !== undefined)
  return copy
}

/** A store in which every call takes a while, and others get ahead of it. */
export function yieldingStorage(storage: Storage, random: Random): Storage {
  async function pause(): Promise<void> {
    for (let turns = random.int(0, 3); turns > 0; turns--) await new Promise((resolve) => setImmediate(resolve))
  }

  return wrapStorage(storage, async (_call, _key, perform) => {
    await pause()
    try {
      return await perform()
    } finally {
      await pause()
    }
  })
}
