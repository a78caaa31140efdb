import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AetherError } from '../core/errors.ts'
import { createByteBudget } from './byte-budget.ts'

const { signal } = new AbortController()

/** Holds bytes until it is told to let go. */
function holder(budget: ReturnType<typeof createByteBudget>, bytes: number, on: AbortSignal = signal) {
  const { promise: entered, resolve: enter } = Promise.withResolvers<void>()
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  let inside = false
  const done = budget.hold(bytes, on, () => {
    inside = true
    enter()
    return released
  })
  return { entered, release, done, isInside: () => inside }
}

describe('createByteBudget', () => {
  it('lets in what fits and the rest when there is room, in order', async () => {
    const budget = createByteBudget(10, 10_000)
    const first = holder(budget, 6)
    const second = holder(budget, 6)
    const third = holder(budget, 1)
    await first.entered
    assert.ok(!second.isInside() && !third.isInside())
    first.release()
    await Promise.all([first.done, second.entered, third.entered])
    second.release()
    third.release()
    await Promise.all([second.done, third.done])
  })

  it('lets in what is larger than all of it, alone', async () => {
    const budget = createByteBudget(10, 10_000)
    assert.equal(await budget.hold(100, signal, async () => 'done'), 'done')
    assert.equal(await budget.hold(10, signal, async () => 'again'), 'again')
  })

  it('gives the room back after a failure', async () => {
    const budget = createByteBudget(10, 10_000)
    await assert.rejects(
      budget.hold(10, signal, () => Promise.reject(new Error('no'))),
      /no/,
    )
    assert.equal(await budget.hold(10, signal, async () => 'done'), 'done')
  })

  it('gives up waiting after a while, and those behind go on', async () => {
    const budget = createByteBudget(10, 20)
    const first = holder(budget, 8)
    await assert.rejects(
      holder(budget, 8).done,
      (error) => error instanceof AetherError && error.code === 'unavailable',
    )
    assert.equal(await budget.hold(2, signal, async () => 'done'), 'done')
    first.release()
    await first.done
  })

  it('leaves the line when the client has gone', async () => {
    const budget = createByteBudget(10, 10_000)
    const controller = new AbortController()
    const first = holder(budget, 8)
    const second = holder(budget, 8, controller.signal)
    controller.abort()
    await assert.rejects(second.done, (error) => error instanceof AetherError && error.code === 'cancelled')
    await assert.rejects(
      budget.hold(1, controller.signal, async () => {}),
      /went away/,
    )
    first.release()
    await first.done
  })
})
