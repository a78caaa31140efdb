import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AetherError } from '../../core/errors.ts'
import { createAdaptiveLimit } from './adaptive-limit.ts'

const busy = new AetherError('unavailable', 'Busy')

/** Work under way that the test ends. */
function begin(limit: ReturnType<typeof createAdaptiveLimit>, count: number) {
  const ends: { succeed(): void; fail(error: Error): void }[] = []
  const results = Array.from({ length: count }, () =>
    limit
      .run(() => {
        const { promise, resolve, reject } = Promise.withResolvers<void>()
        ends.push({ succeed: resolve, fail: reject })
        return promise
      })
      .catch(() => {}),
  )
  return { ends, results }
}

const settled = async () => {
  for (let i = 0; i < 10; i++) await null
}

describe('createAdaptiveLimit', () => {
  it('lets so many run at once, and the next ones in their order', async () => {
    const { ends, results } = begin(createAdaptiveLimit({ least: 2, most: 3 }), 5)
    assert.equal(ends.length, 3)
    ends[0]!.succeed()
    await settled()
    assert.equal(ends.length, 4)
    for (let i = 1; i < 5; i++) {
      ends[i]!.succeed()
      await settled()
    }
    await Promise.all(results)
  })

  it('halves what runs when the hub has too much, once for all that were under way, and never below the least', async () => {
    const limit = createAdaptiveLimit({ least: 2, most: 16 })
    for (const [running, width] of [
      [16, 8],
      [8, 4],
      [4, 2],
      [2, 2],
    ] as const) {
      const { ends, results } = begin(limit, running)
      for (const { fail } of ends) fail(busy)
      await Promise.all(results)
      assert.equal(limit.width(), width)
    }
  })

  it('grows by one for each round that goes well, up to the most', async () => {
    const limit = createAdaptiveLimit({ least: 2, most: 6 })
    const { ends, results } = begin(limit, 6)
    for (const { fail } of ends) fail(busy)
    await Promise.all(results)
    assert.equal(limit.width(), 3)
    for (let i = 0; i < 4; i++) await limit.run(async () => {})
    assert.equal(limit.width(), 4)
    for (let i = 0; i < 100; i++) await limit.run(async () => {})
    assert.equal(limit.width(), 6)
  })

  it('is not moved by failures that have another reason', async () => {
    const limit = createAdaptiveLimit({ least: 2, most: 6 })
    await assert.rejects(limit.run(() => Promise.reject(new AetherError('not-found', 'Gone'))))
    assert.equal(limit.width(), 6)
  })

  it('takes who gives up out of the line, and nobody else', async () => {
    const limit = createAdaptiveLimit({ least: 1, most: 1 })
    const { ends } = begin(limit, 1)
    const stop = new AbortController()
    const gone = limit.run(async () => 'ran', stop.signal)
    const stays = limit.run(async () => 'ran')
    stop.abort()
    await assert.rejects(gone, { code: 'cancelled' })
    await assert.rejects(
      limit.run(async () => 'ran', stop.signal),
      { code: 'cancelled' },
    )
    ends[0]!.succeed()
    assert.equal(await stays, 'ran')
  })
})
