// What hedging gains and costs, in a simulation whose figures stand in docs/decisions/0011-hedged-reads.md.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createRandom, type Random } from '../../test/testing/random.fixture.ts'
import { AetherError } from '../core/errors.ts'
import { createAdaptiveLimit } from './adaptive-limit.ts'
import { away } from './flaky.fixture.ts'
import { hedged } from './hedged.ts'
import { createMemoryStorage } from './memory.ts'
import type { Storage } from './storage.ts'
import { bytesOf, outcome, times } from './suite-kit.fixture.ts'
import { createVirtualClock, type VirtualClock } from './virtual-clock.fixture.ts'
import { wrapStorage } from './wrap-storage.ts'

/** Milliseconds of a read of so many bytes. */
type Model = (random: Random, bytes: number) => number

/** Log-normal around 30 ms, and 80 MB/s for one connection. */
const usual: Model = (random, bytes) => 30 * Math.exp(0.25 * normal(random)) + bytes / 80_000
const MODELS: Record<string, Model> = {
  'no slow reads': usual,
  '1 % take 0.2 to 0.5 s more, a tenth of them 1 to 3 s': (random, bytes) => {
    const extra = random.chance(0.1) ? 1000 + 2000 * random.next() : 200 + 300 * random.next()
    return usual(random, bytes) + (random.chance(0.01) ? extra : 0)
  },
  '3 % take 1 to 2 s more': (random, bytes) =>
    usual(random, bytes) + (random.chance(0.03) ? 1000 + 1000 * random.next() : 0),
}
const LOADS = { small: { bytes: 300, count: 4000, width: 1 }, windows: { bytes: 4 << 20, count: 1000, width: 6 } }

function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next())
}

async function slowMemory(clock: VirtualClock, delayOf: () => number) {
  const memory = createMemoryStorage()
  await memory.put('a', bytesOf('x'))
  const requests: (AbortSignal | undefined)[] = []
  const storage = wrapStorage(memory, async (call, perform) => {
    requests.push(call.signal)
    await clock.wait(delayOf(), call.signal)
    return perform(undefined)
  })
  return { storage, requests }
}

async function measure(
  model: Model,
  load: keyof typeof LOADS,
  wrap: (storage: Storage, clock: VirtualClock) => Storage,
) {
  const { bytes, count, width } = LOADS[load]
  const clock = createVirtualClock()
  const random = createRandom(7)
  const slow = await slowMemory(clock, () => model(random, bytes))
  const storage = wrap(slow.storage, clock)
  const line = createAdaptiveLimit({ first: width, least: width, most: width, maxWaiting: count, maxWait: 1e9, clock })
  const durations: number[] = []
  const read = async () => {
    const begin = clock.now()
    await storage.get('a', { range: { offset: 0, length: bytes } })
    durations.push(clock.now() - begin)
  }
  await clock.run(Promise.all(times(count, () => line.run(read))))
  durations.sort((a, b) => a - b)
  return { total: clock.now(), slow: durations[Math.floor(count * 0.995)]!, extra: slow.requests.length / count - 1 }
}

describe('hedged reads', () => {
  for (const [name, model] of Object.entries(MODELS)) {
    for (const load of ['small', 'windows'] as const) {
      it(`cost little and help where reads have a tail: ${load}, ${name}`, async (context) => {
        const plain = await measure(model, load, (storage) => storage)
        const both = await measure(model, load, (storage, clock) => hedged(storage, { clock }))
        const text = (r: typeof plain) => `${(r.total / 1000).toFixed(1)} s, 99.5 % within ${Math.round(r.slow)} ms`
        context.diagnostic(`${text(plain)}; hedged ${text(both)}, ${(both.extra * 100).toFixed(1)} % more requests`)
        assert.ok(both.extra <= 0.05)
        assert.ok(both.total <= plain.total * 1.01)
        if (model === usual) assert.ok(both.extra < 0.005)
        else if (load === 'small') assert.ok(both.slow < plain.slow / 2)
      })
    }
  }

  /** A storage that has answered often enough that 100 ms are unusual; then the delays of `next`, one for each request. */
  async function warm(next: number[]) {
    const clock = createVirtualClock()
    const slow = await slowMemory(clock, () => next.shift()!)
    const storage = hedged(slow.storage, { clock })
    const later = next.splice(0)
    next.push(...times(30, () => 40))
    for (let i = 0; i < 30; i++) await clock.run(storage.get('a'))
    next.push(...later)
    slow.requests.length = 0
    return { ...slow, storage, clock, begin: clock.now() }
  }

  it('take the answer that comes first, and stop the other request', async () => {
    const { storage, requests, clock, begin } = await warm([5000, 40])
    await clock.run(storage.get('a'))
    assert.equal(clock.now() - begin, 60 + 40)
    assert.equal(requests.length, 2)
    assert.equal(requests[0]!.aborted, true)
  })

  it('take an answer for one that says that there is nothing', async () => {
    const { storage, clock, begin } = await warm([5000, 40])
    assert.equal(await clock.run(outcome(storage.get('b'))), 'not-found')
    assert.equal(clock.now() - begin, 100)
  })

  it('wait for the other request when one fails', async () => {
    const clock = createVirtualClock()
    const memory = createMemoryStorage()
    await memory.put('a', bytesOf('x'))
    let asked = 0
    const failing = wrapStorage(memory, async (call, perform) => {
      const number = ++asked
      await clock.wait(number <= 30 ? 40 : number === 31 ? 300 : 100, call.signal)
      if (number === 32) throw away()
      return perform(undefined)
    })
    const storage = hedged(failing, { clock })
    for (let i = 0; i < 30; i++) await clock.run(storage.get('a'))
    const begin = clock.now()
    await clock.run(storage.get('a'))
    assert.deepEqual([clock.now() - begin, asked], [300, 32])
  })

  it('never make a write twice', async () => {
    const { storage, requests, clock } = await warm([5000, 5000])
    await clock.run(storage.put('a', bytesOf('x')))
    await clock.run(storage.delete('a'))
    assert.equal(requests.length, 2)
  })

  it('stop with their caller', async () => {
    const { storage, requests, clock } = await warm([5000, 5000])
    const stop = new AbortController()
    const work = outcome(storage.get('a', { signal: stop.signal }))
    await clock.run(clock.wait(70))
    assert.equal(requests.length, 2)
    stop.abort(new AetherError('cancelled', 'Enough'))
    assert.equal(await work, 'cancelled')
    assert.ok(requests.every((signal) => signal!.aborted))
  })
})
