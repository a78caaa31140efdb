import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AetherError } from '../../core/errors.ts'
import { type HttpCall, UnansweredError } from './http-call.ts'
import { createRetryingCalls } from './retrying-calls.ts'
import { GET, scriptedCalls } from './scripted-calls.fixture.ts'

const refused = () => new UnansweredError('Refused', false, {})
const cut = () => new UnansweredError('Cut', true, {})
const busy = (retryAfterMs = 0) =>
  new AetherError('unavailable', 'Busy', { detail: { retryAfterMs: String(retryAfterMs) } })

/** Calls that go by the script; waits take no time but on the clock, where a try takes `tryMs`. */
function start(script: (attempt: number) => Error | string, { retryFor = 30_000, tryMs = 1, random = 0.5 } = {}) {
  let time = 0
  const warnings: string[] = []
  const pass = (ms: number) => {
    time += ms
  }
  const inner = scriptedCalls((attempt) => {
    pass(tryMs)
    return script(attempt)
  })
  const calls = createRetryingCalls(inner, {
    retryFor,
    onWarning: (text) => void warnings.push(text),
    now: () => time,
    random: () => random,
    wait: async (ms) => pass(ms),
  })
  const ask = async (more: Partial<HttpCall> = {}) => (await calls.send({ ...GET, ...more })).body.toString()
  return { ask, warnings, count: inner.count, time: () => time, pass }
}

describe('createRetryingCalls', () => {
  it('tries again what may pass, with growing waits, and says so now and then', async () => {
    const { ask, count, warnings, time } = start((attempt) => (attempt <= 7 ? busy() : 'done'))
    assert.equal(await ask(), 'done')
    assert.equal(count(), 8)
    assert.ok(time() > 7000 && time() < 9000, `${time()} ms`)
    assert.deepEqual(warnings, ['Busy; trying again', 'Busy; trying again'])
  })

  it('does not try again what will not pass', async () => {
    const { ask, count, warnings } = start(() => new AetherError('conflict', 'Moved'))
    await assert.rejects(ask(), { code: 'conflict' })
    assert.deepEqual([count(), warnings], [1, []])
  })

  it('is soon done with a hub that has never answered, and says nothing of it but the error', async () => {
    for (const script of [refused, cut]) {
      const { ask, time, count, warnings } = start(script, { random: 0.999 })
      await assert.rejects(ask(), { code: 'unavailable' })
      assert.ok(time() < 2000 && count() >= 3, `${time()} ms, ${count()} tries`)
      assert.deepEqual(warnings, [])
    }
    const hanging = start(cut, { tryMs: 30_000 })
    await assert.rejects(hanging.ask())
    assert.equal(hanging.count(), 1)
  })

  it('is patient with one that has answered, until there was no success for that long', async () => {
    const { ask, time, count } = start((attempt) => (attempt === 1 ? 'done' : refused()), { retryFor: 20_000 })
    await ask()
    const begun = time()
    await assert.rejects(ask(), { message: 'Refused' })
    assert.ok(time() - begun >= 17_500 && time() - begun <= 22_500, `${time() - begun} ms`)
    assert.ok(count() > 8)
  })

  it('is so for minutes when it is asked to', async () => {
    const { ask, time } = start((attempt) => (attempt === 1 ? 'done' : refused()), { retryFor: 600_000 })
    await ask()
    await assert.rejects(ask(), { message: 'Refused' })
    assert.ok(time() >= 597_000 && time() <= 603_000, `${time()} ms`)
  })

  it('gives up a call that fails again and again while others get through, or after it took long', async () => {
    let time = 0
    let tries = 0
    const send = async ({ path }: HttpCall) => {
      time += 1
      if (path === '/good') return { status: 200, headers: {}, body: Buffer.alloc(0) }
      tries++
      throw busy()
    }
    const wait = async (ms: number) => {
      time += ms
      await calls.send({ ...GET, path: '/good' })
    }
    const calls = createRetryingCalls(
      { send, close() {} },
      { retryFor: 30_000, now: () => time, random: () => 0.5, wait },
    )
    await assert.rejects(calls.send({ ...GET, path: '/bad' }), { message: 'Busy' })
    assert.equal(tries, 1 + 20) // before the first failure nobody had got through
    const long = start((attempt) => (attempt === 1 ? 'done' : cut()), { tryMs: 100_000 })
    await long.ask()
    await assert.rejects(long.ask(), { message: 'Cut' })
    assert.equal(long.count(), 1 + 20)
  })

  it('counts the success of other calls, and an error with a status as an answer', async () => {
    let failing = true
    const { ask, pass, count } = start((attempt) => (attempt % 2 === 0 && failing ? busy() : 'done'), {
      retryFor: 1000,
    })
    assert.equal(await ask(), 'done')
    pass(60_000)
    assert.equal(await ask(), 'done')
    failing = false
    assert.equal(count(), 3)
  })

  it('begins to lose patience anew after a try that went on for long', async () => {
    const slow = start((attempt) => (attempt < 6 ? cut() : 'done'), { tryMs: 100_000 })
    await assert.rejects(slow.ask()) // nobody has answered yet
    const known = start((attempt) => (attempt === 1 || attempt === 6 ? 'done' : cut()), { tryMs: 100_000 })
    await known.ask()
    assert.equal(await known.ask(), 'done')
    assert.equal(known.count(), 6)
  })

  it('waits as long as the hub asks, and not when that is more than there is patience', async () => {
    const { ask, time } = start((attempt) => (attempt === 1 ? busy(4000) : 'done'))
    await ask()
    assert.ok(time() >= 4000, `${time()} ms`)
    const impatient = start(() => busy(4000), { retryFor: 3000 })
    await assert.rejects(impatient.ask())
    assert.equal(impatient.count(), 1)
  })

  it('makes one try where there is no patience at all', async () => {
    const { ask, count } = start(() => busy(), { retryFor: 0 })
    await assert.rejects(ask(), { code: 'unavailable' })
    assert.equal(count(), 1)
  })

  it('sends what must not be repeated again only when it never left', async () => {
    const never = start((attempt) => (attempt < 3 ? refused() : 'done'))
    assert.equal(await never.ask({ once: true }), 'done')
    for (const failure of [cut, busy]) {
      const unclear = start(() => failure())
      await assert.rejects(unclear.ask({ once: true }))
      assert.equal(unclear.count(), 1)
    }
  })

  it('does not bury a hub that is down, however many calls there are', async () => {
    const { ask, count } = start((attempt) => (attempt === 1 ? 'done' : refused()), { retryFor: 30_000, random: 0 })
    await ask()
    await Promise.allSettled(Array.from({ length: 100 }, () => ask()))
    assert.ok(count() <= 1 + 100 + 300, `${count()} tries`)
  })

  it('ends when it is told to', async () => {
    const stop = new AbortController()
    const inner = scriptedCalls(() => busy())
    const calls = createRetryingCalls(inner, { retryFor: 60_000, onWarning: () => stop.abort() })
    await assert.rejects(calls.send({ ...GET, signal: stop.signal }), { code: 'cancelled' })
  })
})
