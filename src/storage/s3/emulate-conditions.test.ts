import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createMemoryStorage } from '../memory.ts'
import type { Storage } from '../storage.ts'
import { testStorage } from '../storage-suite.ts'
import { bytesOf, outcome, times } from '../suite-kit.fixture.ts'
import { emulateConditions } from './emulate-conditions.ts'

/** A store that hears of no condition. */
function careless(storage = createMemoryStorage()): Storage {
  return {
    ...storage,
    put: (key, bytes, { signal } = {}) => storage.put(key, bytes, { signal }),
    delete: (key, { signal } = {}) => storage.delete(key, { signal }),
  }
}

testStorage('emulated conditions', async () => ({ storage: emulateConditions(careless(), { puts: false }) }))

describe('emulated conditions', () => {
  it('let writes of other keys go ahead', async () => {
    const memory = createMemoryStorage()
    const slow = Promise.withResolvers<void>()
    const storage = emulateConditions(
      {
        ...memory,
        put: async (key, bytes) => {
          if (key === 'slow') await slow.promise
          return memory.put(key, bytes)
        },
      },
      { puts: false },
    )
    const waiting = storage.put('slow', bytesOf('1'))
    await storage.put('quick', bytesOf('1'), { ifAbsent: true })
    slow.resolve()
    await waiting
  })

  it('go on after a write that failed', async () => {
    const memory = createMemoryStorage()
    let failing = true
    const storage = emulateConditions(
      { ...memory, put: (key, bytes) => (failing ? memory.put('', bytes) : memory.put(key, bytes)) },
      { puts: false },
    )
    const failed = await Promise.all(times(3, () => outcome(storage.put('a', bytesOf('1')))))
    assert.deepEqual(failed, ['invalid', 'invalid', 'invalid'])
    failing = false
    assert.equal(await outcome(storage.put('a', bytesOf('1'), { ifAbsent: true })), 'ok')
  })

  it('leave those on put to a service that keeps them', async () => {
    const memory = createMemoryStorage()
    const storage = emulateConditions(
      { ...memory, head: () => assert.fail('it looks'), delete: (key) => memory.delete(key) },
      { puts: true },
    )
    await storage.put('a', bytesOf('1'), { ifAbsent: true })
    assert.equal(await outcome(storage.put('a', bytesOf('2'), { ifAbsent: true })), 'conflict')
  })
})
