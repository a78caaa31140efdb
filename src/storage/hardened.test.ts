// Every wrapper keeps the whole contract, and so do all of them together.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AetherError } from '../core/errors.ts'
import { away } from './flaky.fixture.ts'
import { hardened } from './hardened.ts'
import { hedged } from './hedged.ts'
import { isBlockKey } from './keys.ts'
import { limited } from './limited.ts'
import { createMemoryStorage } from './memory.ts'
import { type ObservedCall, observed } from './observed.ts'
import { retrying, type StorageRetry } from './retrying.ts'
import { sharedReads } from './shared-reads.ts'
import type { Storage } from './storage.ts'
import { testStorage } from './storage-suite.ts'
import { bytesOf, outcome } from './suite-kit.fixture.ts'
import { timed } from './timed.ts'
import { createVirtualClock } from './virtual-clock.fixture.ts'
import { wrapStorage } from './wrap-storage.ts'

const WRAPPERS: Record<string, (storage: Storage) => Storage> = {
  retrying: (storage) => retrying(storage),
  timed: (storage) => timed(storage),
  limited: (storage) => limited(storage, { first: 2, least: 1 }),
  hedged: (storage) => hedged(storage),
  observed: (storage) => observed(storage, () => {}),
  'shared reads': (storage) => sharedReads(storage, isBlockKey),
  'hardened, near': (storage) => hardened(storage, { remote: false }),
  'hardened, far': (storage) => hardened(storage, { remote: true }),
}
for (const [name, wrap] of Object.entries(WRAPPERS))
  testStorage(`${name} storage`, async () => ({ storage: wrap(createMemoryStorage()) }))

/** All wrappers around a storage that does what `perform` does, in time that passes by itself. */
function make(perform: () => Promise<never>, { remote = true } = {}) {
  const clock = createVirtualClock()
  const calls: ObservedCall[] = []
  const retries: StorageRetry[] = []
  const storage = hardened(
    wrapStorage(createMemoryStorage(), () => perform()),
    {
      remote,
      clock,
      onCall: (call) => calls.push(call),
      onRetry: (retry) => retries.push(retry),
      retries: { policy: { attempts: 8, firstDelay: 100, maxDelay: 5_000, wait: clock.wait } },
    },
  )
  return { storage, clock, calls, retries }
}

const hang = () => new Promise<never>(() => {})
const CALLS: Record<string, (storage: Storage) => Promise<unknown>> = {
  get: (storage) => storage.get('a'),
  head: (storage) => storage.head('a'),
  put: (storage) => storage.put('a', bytesOf('x')),
  'put with a condition': (storage) => storage.put('a', bytesOf('x'), { ifAbsent: true }),
  list: (storage) => storage.list({ prefix: '' }),
  delete: (storage) => storage.delete('a'),
}

describe('hardened storage', () => {
  for (const [name, call] of Object.entries(CALLS)) {
    it(`ends a ${name} within a minute when the store hangs`, async () => {
      const { storage, clock } = make(hang)
      assert.equal(await clock.run(outcome(call(storage))), 'unavailable')
      assert.ok(clock.now() >= 15_000 && clock.now() < 60_000, `${clock.now()} ms`)
    })

    it(`ends a ${name} within half a minute when the store refuses`, async () => {
      const { storage, clock, calls } = make(async () => {
        throw away('refused')
      })
      assert.equal(await clock.run(outcome(call(storage))), 'unavailable')
      assert.ok(clock.now() < 30_000, `${clock.now()} ms`)
      assert.equal(calls.length, 8)
    })
  }

  it('ends 200 calls at once within a minute when the store hangs', async () => {
    const { storage, clock, calls } = make(hang)
    const work = Array.from({ length: 200 }, (_, i) => outcome(storage.get(`blocks/${i}`)))
    const outcomes = new Set(await clock.run(Promise.all(work)))
    assert.deepEqual([...outcomes], ['unavailable'])
    assert.ok(clock.now() < 60_000, `${clock.now()} ms`)
    assert.ok(calls.length < 100, `${calls.length} requests`)
  })

  it('counts every try, and tells of every repetition', async () => {
    const { storage, clock, calls, retries } = make(async () => {
      throw away()
    })
    await clock.run(outcome(storage.get('a')))
    assert.deepEqual([calls.length, retries.length], [8, 7])
    assert.ok(calls.every(({ operation, outcome }) => operation === 'get' && outcome === 'unavailable'))
    assert.deepEqual(
      retries.map(({ key, attempt }) => [key, attempt]),
      [1, 2, 3, 4, 5, 6, 7].map((attempt) => ['a', attempt]),
    )
  })

  it('takes what a disk refuses for final soon', async () => {
    const { storage, clock, calls } = make(
      async () => {
        throw away()
      },
      { remote: false },
    )
    await clock.run(outcome(storage.get('a')))
    assert.equal(calls.length, 8) // the policy of this test
    const near = hardened(
      wrapStorage(createMemoryStorage(), async () => {
        throw away()
      }),
      { remote: false },
    )
    const begin = performance.now()
    assert.equal(await outcome(near.get('a')), 'unavailable')
    assert.ok(performance.now() - begin < 5_000)
  })

  it('never says that the caller is denied what the store denies the hub', async () => {
    const { storage, calls } = make(async () => {
      throw new AetherError('denied', 'The store does not permit it', { hint: 'Look at the credentials' })
    })
    await assert.rejects(storage.put('a', bytesOf('x')), (error: AetherError) => {
      assert.deepEqual(
        [error.code, error.detail.undone, error.hint],
        ['unavailable', 'true', 'Look at the credentials'],
      )
      return true
    })
    assert.equal(calls.length, 1)
  })
})
