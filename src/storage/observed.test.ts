import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createMemoryStorage } from './memory.ts'
import { type ObservedCall, observed } from './observed.ts'
import { bytesOf, outcome } from './suite-kit.fixture.ts'
import { createVirtualClock } from './virtual-clock.fixture.ts'
import { wrapStorage } from './wrap-storage.ts'

describe('observed storage', () => {
  it('tells what each call was, how it ended, how long it took and what it moved', async () => {
    const clock = createVirtualClock()
    const calls: ObservedCall[] = []
    const slow = wrapStorage(createMemoryStorage(), async (call, perform) => {
      await clock.wait(7)
      return perform(call.signal)
    })
    const storage = observed(slow, (call) => calls.push(call), clock)
    const work = async () => {
      await storage.put('a', bytesOf('0123456789'))
      await outcome(storage.put('a', bytesOf('x'), { ifAbsent: true }))
      await storage.get('a', { range: { offset: 8, length: 100 } })
      await outcome(storage.get('b'))
      await storage.head('b')
      await storage.list({ prefix: '' })
      await storage.delete('a')
      await outcome(storage.delete('a', { signal: AbortSignal.abort() }))
    }
    await clock.run(work())
    assert.deepEqual(
      calls.map(({ operation, outcome, written, read }) => [operation, outcome, written, read]),
      [
        ['put', 'ok', 10, 0],
        ['put', 'conflict', 0, 0],
        ['get', 'ok', 0, 2],
        ['get', 'not-found', 0, 0],
        ['head', 'ok', 0, 0],
        ['list', 'ok', 0, 0],
        ['delete', 'ok', 0, 0],
        ['delete', 'cancelled', 0, 0],
      ],
    )
    assert.ok(calls.every(({ duration }) => duration === 7))
  })
})
