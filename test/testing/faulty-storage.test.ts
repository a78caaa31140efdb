import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AetherError } from '../../src/core/errors.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { testStorage } from '../../src/storage/storage-suite.ts'
import { bytesOf, outcome, readText } from '../../src/storage/suite-kit.fixture.ts'
import { evenRates, type FaultRates } from './faults.fixture.ts'
import {
  createFaultyStorage,
  type FaultyStorageOptions,
  STORAGE_FAULTS,
  type StorageFault,
} from './faulty-storage.fixture.ts'

testStorage('faulty storage without faults', async () => ({
  storage: createFaultyStorage(createMemoryStorage(), { rates: {} }).storage,
}))

function make(rates: FaultRates<StorageFault>, options: Partial<FaultyStorageOptions> = {}) {
  const memory = createMemoryStorage()
  return { memory, ...createFaultyStorage(memory, { rates, seed: 1, ...options }) }
}

async function errorOf(call: Promise<unknown>): Promise<AetherError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof AetherError, String(error))
  return error
}

describe('faulty storage', () => {
  it('leaves undone what it refuses, and says so', async () => {
    for (const fault of ['refused', 'slow-down'] as const) {
      const { storage, memory } = make({ [fault]: 1 })
      const { code, detail } = await errorOf(storage.put('a', bytesOf('x')))
      assert.deepEqual([code, detail.undone, 'retryAfterMs' in detail], ['unavailable', 'true', fault === 'slow-down'])
      assert.equal(await readText(memory, 'a'), undefined)
    }
  })

  it('says nothing of what it drops or does and loses the answer to', async () => {
    for (const [fault, present] of [
      ['dropped', undefined],
      ['lost', 'x'],
    ] as const) {
      const { storage, memory } = make({ [fault]: 1 })
      assert.deepEqual((await errorOf(storage.put('a', bytesOf('x')))).detail, {})
      assert.equal(await readText(memory, 'a'), present)
    }
    const { storage, memory } = make({ lost: 1 })
    await memory.put('a', bytesOf('x'))
    assert.equal(await outcome(storage.delete('a')), 'unavailable')
    assert.equal(await readText(memory, 'a'), undefined)
  })

  it('cuts what is read short, whole or a range', async () => {
    const { storage, memory } = make({ truncated: 1 })
    await memory.put('a', bytesOf('0123456789'))
    for (const range of [undefined, { offset: 2, length: 5 }]) {
      const { bytes, info } = await storage.get('a', { range })
      assert.ok(bytes.length < (range?.length ?? 10), `${bytes.length} bytes`)
      assert.equal(info.size, 10)
    }
  })

  it('flips one bit of what is read, whole or a range', async () => {
    const { storage, memory } = make({ flipped: 1 })
    await memory.put('a', Buffer.alloc(10))
    for (const range of [undefined, { offset: 2, length: 5 }]) {
      const { bytes } = await storage.get('a', { range })
      const ones = [...bytes].map((byte) => byte.toString(2).replaceAll('0', '')).join('')
      assert.deepEqual([bytes.length, ones], [range?.length ?? 10, '1'])
    }
    assert.deepEqual((await memory.get('a')).bytes, new Uint8Array(10))
  })

  it('hangs until its caller gives up, or it is healed', async () => {
    const { storage, heal, memory } = make({ hung: 1 })
    await memory.put('a', bytesOf('x'))
    assert.equal(await outcome(storage.get('a', { signal: AbortSignal.timeout(1) })), 'cancelled')
    const hanging = storage.get('a')
    heal()
    assert.equal(await outcome(hanging), 'unavailable')
    assert.equal(await readText(storage, 'a'), 'x')
  })

  it('hangs before and after it has done what was asked', async () => {
    const seen = new Set<string | undefined>()
    for (let seed = 1; seed <= 10; seed++) {
      const { storage, memory } = make({ hung: 1 }, { seed })
      await outcome(storage.put('a', bytesOf('x'), { signal: AbortSignal.timeout(1) }))
      seen.add(await readText(memory, 'a'))
    }
    assert.deepEqual(seen, new Set([undefined, 'x']))
  })

  it('lists what was removed last, and not what came last', async () => {
    const { storage, memory } = make({ stale: 1 })
    for (const key of ['a', 'b', 'c']) await memory.put(key, bytesOf(key))
    await storage.put('d', bytesOf('new'), { ifAbsent: true })
    await storage.put('a', bytesOf('replaced'))
    await storage.delete('b')
    const { objects } = await storage.list({ prefix: '' })
    assert.deepEqual(
      objects.map(({ key }) => key),
      ['a', 'b', 'c'],
    )
    const second = await storage.list({ prefix: '', startAfter: 'b', limit: 1 })
    assert.deepEqual(
      second.objects.map(({ key }) => key),
      ['c'],
    )
  })

  it('strikes the same calls again with the same seed, in whatever order they come', async () => {
    const keys = Array.from({ length: 60 }, (_, i) => `key/${i}`)
    const run = async (seed: number, order: string[]) => {
      const { storage } = make({ refused: 0.3 }, { seed })
      const entries = await Promise.all(order.map(async (key) => [key, await outcome(storage.put(key, bytesOf('x')))]))
      return Object.fromEntries(entries)
    }
    const first = await run(1, keys)
    assert.deepEqual(await run(1, keys.toReversed()), first)
    assert.notDeepEqual(await run(2, keys), first)
  })

  it('counts what it did, and strikes about as often as it is told', async () => {
    const { storage, injected, totals, heal, ail } = make(evenRates(STORAGE_FAULTS, 0.3), { stallMs: 0 })
    const call = (i: number) => outcome(storage.put(`key/${i}`, bytesOf('x'), { signal: AbortSignal.timeout(100) }))
    for (let i = 0; i < 100; i++) await outcome(storage.head('key', { signal: AbortSignal.timeout(1) }))
    await Promise.all(Array.from({ length: 500 }, (_, i) => call(i)))
    const { calls, faults } = totals()
    assert.equal(
      faults,
      Object.values(injected).reduce((a, b) => a + b),
    )
    assert.ok(faults > 0.2 * calls && faults < 0.4 * calls, `${faults} of ${calls}`)
    heal()
    assert.equal(await call(1), 'ok')
    assert.equal(totals().faults, faults)
    ail()
    await Promise.all(Array.from({ length: 50 }, (_, i) => call(i)))
    assert.ok(totals().faults > faults)
  })

  it('spares the keys that it is told to', async () => {
    const { storage } = make({ refused: 1 }, { mayStrike: (_fault, key) => key.startsWith('blocks/') })
    assert.equal(await outcome(storage.put('tags/a', bytesOf('x'))), 'ok')
    assert.equal(await outcome(storage.put('blocks/a', bytesOf('x'))), 'unavailable')
  })
})
