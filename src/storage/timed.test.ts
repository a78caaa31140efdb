import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createMemoryStorage } from './memory.ts'
import { bytesOf, outcome, times } from './suite-kit.fixture.ts'
import { timed } from './timed.ts'
import { createVirtualClock } from './virtual-clock.fixture.ts'
import { wrapStorage } from './wrap-storage.ts'

/** Over a storage whose calls end when the test says so. */
function make(options: { maxHung?: number } = {}) {
  const clock = createVirtualClock()
  const calls: { signal: AbortSignal | undefined; end: (error: unknown) => void }[] = []
  const hanging = wrapStorage(createMemoryStorage(), ({ signal }) => {
    const { promise, reject } = Promise.withResolvers<never>()
    calls.push({ signal, end: reject })
    return promise
  })
  return { clock, calls, storage: timed(hanging, { clock, ...options }) }
}

describe('timed storage', () => {
  it('ends a call that hangs, says so, and stops it', async () => {
    const { storage, clock, calls } = make()
    await assert.rejects(clock.run(storage.get('a')), {
      code: 'unavailable',
      message: 'The store did not answer within 19 s: get "a"',
    })
    assert.equal(calls[0]!.signal!.aborted, true)
  })

  it('gives large calls more time', async () => {
    const MiB = 1024 * 1024
    const limits: [number, (storage: ReturnType<typeof timed>) => Promise<unknown>][] = [
      [15, (storage) => storage.head('a')],
      [15, (storage) => storage.delete('a')],
      [19, (storage) => storage.get('a')],
      [19, (storage) => storage.list({ prefix: '' })],
      [23, (storage) => storage.put('a', new Uint8Array(2 * MiB))],
      [47, (storage) => storage.get('a', { range: { offset: 0, length: 8 * MiB } })],
      [271, (storage) => storage.get('a', { range: { offset: 0, length: Number.MAX_SAFE_INTEGER } })],
    ]
    for (const [seconds, call] of limits) {
      const { storage, clock } = make()
      assert.equal(await clock.run(outcome(call(storage))), 'unavailable')
      assert.equal(clock.now(), seconds * 1000)
    }
  })

  it('passes on that its caller stops', async () => {
    const { storage, clock, calls } = make()
    const stop = new AbortController()
    const work = outcome(storage.get('a', { signal: stop.signal }))
    stop.abort()
    assert.equal(calls[0]!.signal!.aborted, true)
    assert.equal(await clock.run(work), 'cancelled') // at the latest when its time is over
  })

  it('asks no more of a store in which too many calls hang, until some have ended', async () => {
    const { storage, clock, calls } = make({ maxHung: 3 })
    await clock.run(Promise.all(times(3, () => outcome(storage.get('a')))))
    await assert.rejects(storage.put('a', bytesOf('x'), { ifAbsent: true }), {
      code: 'unavailable',
      message: /^The store is not asked for put "a": 3 calls before it/,
      detail: { undone: 'true' },
    })
    assert.equal(calls.length, 3)
    calls[0]!.end(new Error('late'))
    await new Promise((resolve) => setImmediate(resolve))
    void outcome(storage.get('a'))
    assert.equal(calls.length, 4)
  })

  it('leaves no timer behind', async () => {
    const clock = createVirtualClock()
    const storage = timed(createMemoryStorage(), { clock })
    await storage.put('a', bytesOf('x'))
    assert.equal(await outcome(storage.get('b')), 'not-found')
    await assert.rejects(clock.run(new Promise(() => {})), /Nobody waits/)
  })
})
