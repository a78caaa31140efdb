// Storages that behave badly in ways that a test decides on. What a good one does: src/storage/storage.ts.
import { AetherError } from '../../src/core/errors.ts'
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
  /** From now on, so many calls succeed, and none after them. */
  dieAfter(calls: number, how: 'before' | 'after'): void
  revive(): void
  /** Calls so far. */
  calls(): number
}

/** A store that goes away: calls fail before they did anything, or the first one after it did what it was asked for. */
export function dyingStorage(storage: Storage): DyingStorage {
  let left = Number.POSITIVE_INFINITY
  let how: 'before' | 'after' = 'before'
  let calls = 0
  const dead = () => new AetherError('unavailable', 'The store has gone away')

  async function around<T>(_call: Call, _key: string, perform: () => Promise<T>): Promise<T> {
    calls++
    if (left === 0 && how === 'after') {
      left = -1
      await perform()
    }
    if (left <= 0) throw dead()
    left--
    return perform()
  }

  return {
    storage: wrapStorage(storage, around),
    dieAfter(calls, when) {
      left = calls
      how = when
    },
    revive() {
      left = Number.POSITIVE_INFINITY
    },
    calls: () => calls,
  }
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
