import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AetherError } from '../core/errors.ts'
import { type AdaptiveLimitOptions, createAdaptiveLimit } from './adaptive-limit.ts'
import { away } from './flaky.fixture.ts'
import { outcome, times } from './suite-kit.fixture.ts'
import { createVirtualClock } from './virtual-clock.fixture.ts'

function make(options: AdaptiveLimitOptions = {}) {
  const clock = createVirtualClock()
  const limits: number[] = []
  const room = createAdaptiveLimit({ clock, onLimit: (limit) => limits.push(limit), ...options })
  return { clock, limits, room }
}

const hang = () => new Promise<never>(() => {})

describe('createAdaptiveLimit', () => {
  it('lets so many in at once, and the others in the order in which they came', async () => {
    const { clock, room } = make({ first: 3, least: 3, most: 3 })
    let inside = 0
    let most = 0
    const done: number[] = []
    const work = times(10, (index) =>
      room.run(async () => {
        most = Math.max(most, ++inside)
        await clock.wait(1)
        inside--
        done.push(index)
      }),
    )
    await clock.run(Promise.all(work))
    assert.equal(most, 3)
    assert.deepEqual(done, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  it('grows while calls go well and all places are taken, up to its bound', async () => {
    const { clock, limits, room } = make({ first: 4, most: 8 })
    for (let round = 0; round < 10; round++)
      await clock.run(Promise.all(times(20, () => room.run(() => clock.wait(1)))))
    assert.deepEqual(limits, [4, 5, 6, 7, 8])
  })

  it('does not grow on calls that come one by one', async () => {
    const { clock, limits, room } = make({ first: 4 })
    for (let i = 0; i < 100; i++) await clock.run(room.run(() => clock.wait(1)))
    assert.deepEqual(limits, [4])
  })

  it('is halved once by calls that fail together, and never under its bound', async () => {
    const { clock, limits, room } = make({ first: 32 })
    const failing = () => room.run(() => clock.wait(1).then(() => Promise.reject(away())))
    for (let round = 0; round < 5; round++) await clock.run(Promise.all(times(4, () => outcome(failing()))))
    assert.deepEqual(limits, [32, 16, 8, 4])
  })

  it('takes an answer of any other kind for one that went well', async () => {
    const { limits, room } = make({ first: 1, least: 1 })
    const missing = () => room.run(() => Promise.reject(new AetherError('not-found', 'No such object')))
    for (let i = 0; i < 5; i++) await outcome(missing())
    assert.deepEqual(limits, [1, 2])
  })

  it('refuses calls when too many wait, and those that have waited too long', async () => {
    const { clock, room } = make({ first: 1, least: 1, maxWaiting: 2, maxWait: 500 })
    void room.run(hang)
    const waiting = times(2, () => room.run(hang))
    await assert.rejects(room.run(hang), { code: 'unavailable', message: /2 calls wait already/ })
    const ended = await clock.run(Promise.allSettled(waiting))
    for (const { reason } of ended as PromiseRejectedResult[])
      assert.deepEqual([reason.code, reason.detail], ['unavailable', { undone: 'true' }])
    assert.equal(clock.now(), 500)
  })

  it('lets a caller leave the line who stops', async () => {
    const { room } = make({ first: 1, least: 1 })
    const { promise: work, resolve: finish } = Promise.withResolvers<void>()
    const busy = room.run(() => work)
    const stop = new AbortController()
    const leaving = outcome(room.run(hang, stop.signal))
    const staying = room.run(async () => 'its turn')
    stop.abort()
    assert.equal(await leaving, 'cancelled')
    finish()
    await busy
    assert.equal(await staying, 'its turn')
  })

  it('keeps the others in line when a caller stops in the moment in which its turn comes', async () => {
    const { room } = make({ first: 1, least: 1, maxWait: Infinity })
    const { promise: work, resolve: finish } = Promise.withResolvers<void>()
    const stop = new AbortController()
    void room.run(() => work)
    void work.then(() => stop.abort()) // after it was let in, and before it has begun
    const stopping = room.run(async () => 'let in', stop.signal)
    let others = 0
    const waiting = times(2, () => room.run(async () => void others++))
    finish()
    assert.equal(await stopping, 'let in')
    await Promise.race([Promise.all(waiting), new Promise((resolve) => setImmediate(resolve))])
    assert.equal(others, 2)
  })

  it('finds about what a store can take, and finds back when the store recovers', async () => {
    const { clock, limits, room } = make({ maxWaiting: 3000 })
    let capacity = 10
    let inside = 0
    const call = async () => {
      const overloaded = ++inside > capacity
      await clock.wait(10)
      inside--
      if (overloaded) throw away('slow-down')
    }
    const load = (count: number) => clock.run(Promise.all(times(count, () => outcome(room.run(call)))))
    await load(1000)
    const found = limits.slice(-40)
    assert.ok(Math.max(...found) <= 12 && Math.min(...found) >= 4, `${found}`)
    capacity = 1000
    await load(3000)
    assert.equal(limits.at(-1), 64)
  })
})
