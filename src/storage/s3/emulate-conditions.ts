// Conditions for services that do not keep them. They hold among the writers of this process: writes of one key wait for
// each other, and look before they write. Another process that writes the same key in between is not noticed.
import { checkPut, stopIfAborted } from '../check-options.ts'
import { alreadyThere, changedMeanwhile } from '../conditions.ts'
import type { PutOptions, Storage } from '../storage.ts'

/** @param kept whether the service itself keeps conditions on `put`; those on `delete` it does not */
export function emulateConditions(storage: Storage, kept: { puts: boolean }): Storage {
  const inTurn = createTurns()

  async function check(key: string, { ifAbsent, ifMatch, signal }: PutOptions): Promise<void> {
    if (!ifAbsent && ifMatch === undefined) return
    const present = await storage.head(key, { signal })
    if (ifAbsent && present !== undefined) throw alreadyThere(key)
    if (ifMatch !== undefined && ifMatch !== present?.version) throw changedMeanwhile(key)
  }

  return {
    ...storage,
    put: (key, bytes, options = {}) =>
      inTurn(key, async () => {
        checkPut(options)
        if (kept.puts) return storage.put(key, bytes, options)
        await check(key, options)
        return storage.put(key, bytes, { signal: options.signal })
      }),
    delete: (key, { ifMatch, signal } = {}) =>
      inTurn(key, async () => {
        stopIfAborted(signal)
        await check(key, { ifMatch, signal })
        return storage.delete(key, { signal })
      }),
  }
}

/** Work under one key, one after the other. */
function createTurns() {
  const last = new Map<string, Promise<void>>()

  return async <T>(key: string, work: () => Promise<T>): Promise<T> => {
    const before = last.get(key)
    const mine = before === undefined ? work() : before.then(work)
    const ended = mine.then(nothing, nothing)
    last.set(key, ended)
    try {
      return await mine
    } finally {
      if (last.get(key) === ended) last.delete(key)
    }
  }
}

function nothing(): void {}
