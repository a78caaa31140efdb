import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createRandom, type Random } from '../../test/testing/random.fixture.ts'
import { AetherError, type ErrorCode } from '../core/errors.ts'
import { createRetryBudget } from '../core/retry.ts'
import { away, type Failure, flaky, flakyByChance } from './flaky.fixture.ts'
import { createMemoryStorage } from './memory.ts'
import { retriesFor, retrying } from './retrying.ts'
import type { PutOptions, Storage } from './storage.ts'
import { bytesOf, outcome, readText, textOf } from './suite-kit.fixture.ts'
import { timed } from './timed.ts'
import { createVirtualClock } from './virtual-clock.fixture.ts'
import { wrapStorage } from './wrap-storage.ts'

/** Over a memory whose calls fail as the list says, one after the other, and then no more. */
function make(...failures: Failure[]) {
  const clock = createVirtualClock()
  const memory = createMemoryStorage()
  const delays: number[] = []
  const ending = timed(
    flaky(memory, () => failures.shift()),
    { clock },
  )
  const policy = { random: () => 0.5, wait: clock.wait }
  const storage = retrying(ending, { clock, policy, onRetry: ({ delay }) => delays.push(delay) })
  return { memory, storage, clock, delays }
}

async function errorOf(call: Promise<unknown>): Promise<AetherError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof AetherError, String(error))
  return error
}

describe('retrying storage', () => {
  it('repeats reads and writes without a condition, however they fail', async () => {
    for (const failure of ['refused', 'slow-down', 'dropped', 'lost', 'hung', 'hung-done'] as const) {
      const { storage, clock, memory } = make(failure)
      await clock.run(storage.put('a', bytesOf('x')))
      assert.equal(await readText(memory, 'a'), 'x')
      const reader = make(failure)
      await reader.memory.put('a', bytesOf('x'))
      assert.equal(await reader.clock.run(readText(reader.storage, 'a')), 'x')
    }
  })

  it('repeats a write with a condition when surely nothing was done', async () => {
    const { storage, clock, memory } = make('refused', 'slow-down')
    await clock.run(storage.put('a', bytesOf('x'), { ifAbsent: true }))
    assert.equal(await readText(memory, 'a'), 'x')
  })

  it('does not repeat a write with a condition that may have been done', async () => {
    for (const failure of ['dropped', 'lost', 'hung', 'hung-done'] as const) {
      const { storage, clock } = make('refused', failure)
      const { code, detail } = await clock.run(errorOf(storage.put('a', bytesOf('x'), { ifAbsent: true })))
      assert.deepEqual([code, detail], ['unavailable', {}], failure)
    }
  })

  it('says of several tries that nothing was done only when it holds for each of them', async () => {
    const { storage, clock } = make(...Array<Failure>(5).fill('lost'), ...Array<Failure>(9).fill('refused'))
    assert.deepEqual((await clock.run(errorOf(storage.put('a', bytesOf('x'))))).detail, {})
    const refusing = make(...Array<Failure>(9).fill('refused'))
    const { detail } = await refusing.clock.run(errorOf(refusing.storage.put('a', bytesOf('x'))))
    assert.deepEqual(detail, { undone: 'true' })
  })

  it('reads again what broke off', async () => {
    const memory = createMemoryStorage()
    await memory.put('a', bytesOf('0123456789'))
    let reads = 0
    const cutting: Storage = {
      ...memory,
      async get(key, options) {
        const object = await memory.get(key, options)
        return reads++ % 2 === 0 ? { ...object, bytes: object.bytes.subarray(1) } : object
      },
    }
    const storage = retrying(cutting, { policy: { wait: async () => {} } })
    assert.equal(await readText(storage, 'a'), '0123456789')
    assert.equal(textOf((await storage.get('a', { range: { offset: 8, length: 100 } })).bytes), '89')
    assert.equal(reads, 4)
  })

  it('begins no try when its patience is over, and none that the store wants later than that', async () => {
    const patience = 1000
    for (const [retryAfterMs, tries] of [
      ['400', 3], // at 0, 400 and a little, 800 and a little
      ['2000', 1],
    ] as const) {
      const clock = createVirtualClock()
      let made = 0
      const failing = wrapStorage(createMemoryStorage(), async () => {
        made++
        throw new AetherError('unavailable', 'Slow down', { detail: { retryAfterMs } })
      })
      const storage = retrying(failing, { patience, clock, policy: { wait: clock.wait } })
      assert.equal(await clock.run(outcome(storage.get('a'))), 'unavailable')
      assert.equal(made, tries)
    }
  })

  it('is as patient as a user asks with a store that refuses at once', async () => {
    for (const [seconds, answersAfter, end] of [
      [120, 110_000, 'ok'],
      [120, 130_000, 'unavailable'],
      [0, 1, 'unavailable'],
    ] as const) {
      const clock = createVirtualClock()
      const refusing = flaky(createMemoryStorage(), () => (clock.now() < answersAfter ? 'refused' : undefined))
      const { patience, policy } = retriesFor(seconds)
      const storage = retrying(refusing, { patience, clock, policy: { ...policy, wait: clock.wait } })
      assert.equal(await clock.run(outcome(storage.list({ prefix: '' }))), end, `${seconds} s`)
      if (end !== 'ok') assert.ok(clock.now() >= (seconds - 5) * 1000 && clock.now() <= (seconds + 5) * 1000)
    }
  })

  it('leaves a store alone that fails most of the time', async () => {
    let made = 0
    const failing = wrapStorage(createMemoryStorage(), async () => {
      made++
      throw away()
    })
    const storage = retrying(failing, { policy: { wait: async () => {}, budget: createRetryBudget(10) } })
    for (let i = 0; i < 100; i++) await outcome(storage.get('a'))
    assert.equal(made, 110)
  })

  it('ends at once when its caller stops, with the word for it', async () => {
    const stop = new AbortController()
    const failing = wrapStorage(createMemoryStorage(), async () => {
      throw away()
    })
    const storage = retrying(failing, { policy: { firstDelay: 1e6, maxDelay: 1e6 }, onRetry: () => stop.abort() })
    assert.equal(await outcome(storage.get('a', { signal: stop.signal })), 'cancelled')
  })
})

const KEYS = ['a', 'b', 'c']

describe('retrying storage, over one that fails in every way', () => {
  const random = createRandom()
  it(`tells the truth of every call (seed ${random.seed})`, async () => {
    const clock = createVirtualClock()
    const memory = createMemoryStorage()
    const failing = timed(flakyByChance(memory, random, 0.4), { clock })
    const policy = { attempts: 4, random: () => random.next(), wait: clock.wait, budget: createRetryBudget(1e6) }
    const storage = retrying(failing, { clock, policy })
    const ends: Record<string, number> = {}
    for (let i = 0; i < 1500; i++) {
      const end = await clock.run(act(random, storage, memory, `value ${i}`))
      ends[end] = (ends[end] ?? 0) + 1
    }
    for (const end of ['ok', 'conflict', 'unavailable', 'not-found']) assert.ok(ends[end]! > 20, JSON.stringify(ends))
  })
})

/** One call, and whether what it said of itself is what happened in the memory. */
async function act(random: Random, storage: Storage, memory: Storage, value: string): Promise<string> {
  const key = random.pick(KEYS)
  const before = await stateOf(memory, key)
  const kind = random.pick(['get', 'head', 'list', 'put', 'putNew', 'putOver', 'delete', 'deleteThis'] as const)
  const version = random.chance(0.7) ? before?.version : 'some other'
  const after = { put: value, putNew: value, putOver: value, delete: undefined, deleteThis: undefined }
  const isWrite = kind in after
  const goal = isWrite ? after[kind as keyof typeof after] : before?.text
  const matches = before !== undefined && version === before.version
  const holds = { putNew: before === undefined, putOver: matches, deleteThis: matches }
  const allowed = holds[kind as keyof typeof holds] ?? true
  const conditions: Partial<Record<typeof kind, PutOptions>> = {
    putNew: { ifAbsent: true },
    putOver: { ifMatch: version ?? 'none' },
  }

  let end: 'ok' | ErrorCode = 'ok'
  let undone = false
  let answer: string | undefined
  try {
    if (kind === 'get') answer = textOf((await storage.get(key)).bytes)
    else if (kind === 'head') answer = (await storage.head(key))?.version
    else if (kind === 'list') answer = (await storage.list({ prefix: key })).objects[0]?.version
    else if (kind === 'delete') await storage.delete(key)
    else if (kind === 'deleteThis') await storage.delete(key, { ifMatch: version ?? 'none' })
    else await storage.put(key, bytesOf(value), conditions[kind])
  } catch (error) {
    const failure = error as AetherError
    end = failure.code
    undone = failure.detail.undone === 'true'
  }

  const now = (await stateOf(memory, key))?.text
  const what = `${kind} of "${key}" ended with ${end}, ${before?.text} became ${now}`
  if (end === 'ok') assert.ok(allowed && now === goal, what)
  else if (end === 'conflict') assert.ok(!allowed && now === before?.text, what)
  else if (end === 'not-found') assert.ok(kind === 'get' && before === undefined, what)
  else assert.ok(end === 'unavailable' && (now === before?.text || (!undone && allowed && now === goal)), what)
  if (end === 'ok' && !isWrite) assert.equal(answer, kind === 'get' ? before?.text : before?.version, what)
  return end
}

async function stateOf(memory: Storage, key: string) {
  const info = await memory.head(key)
  return info && { version: info.version, text: await readText(memory, key) }
}
