import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createSemaphore } from './semaphore.ts'

describe('createSemaphore', () => {
  it('lets the rest wait in line, and the next in when one ends or fails', async () => {
    const room = createSemaphore(2)
    const order: number[] = []
    const gates = [0, 1, 2, 3].map(() => Promise.withResolvers<void>())
    const runs = gates.map((gate, i) =>
      room.run(async () => {
        order.push(i)
        await gate.promise
      }),
    )
    await null
    assert.deepEqual(order, [0, 1])
    gates[1]!.reject(new Error('one'))
    await assert.rejects(runs[1]!, /one/)
    await null
    assert.deepEqual(order, [0, 1, 2])
    for (const i of [0, 2, 3]) gates[i]!.resolve()
    await Promise.all([runs[0], runs[2], runs[3]])
    assert.deepEqual(order, [0, 1, 2, 3])
  })

  it('sends one away that waited too long', async () => {
    const room = createSemaphore(1)
    const gate = Promise.withResolvers<void>()
    const first = room.run(() => gate.promise)
    await assert.rejects(
      room.run(async () => assert.fail('ran'), undefined, 5),
      { code: 'unavailable' },
    )
    gate.resolve()
    await first
    assert.equal(await room.run(async () => 'free', undefined, 5), 'free')
  })

  it('takes an aborted one out of the line', async () => {
    const room = createSemaphore(1)
    const gate = Promise.withResolvers<void>()
    const first = room.run(() => gate.promise)
    const aborting = new AbortController()
    const second = room.run(async () => assert.fail('ran'), aborting.signal)
    aborting.abort()
    await assert.rejects(second, { code: 'cancelled' })
    gate.resolve()
    await first
    assert.equal(await room.run(async () => 'free'), 'free')
    await assert.rejects(
      async () => {
        const busy = room.run(() => new Promise(() => {}))
        void busy
        await room.run(async () => {}, AbortSignal.abort())
      },
      { code: 'cancelled' },
    )
  })
})
