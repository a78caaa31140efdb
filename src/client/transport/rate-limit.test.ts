import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { createRateLimit } from './rate-limit.ts'

/** A clock that only goes on when somebody waits for it, and then to the earliest time that is waited for. */
function createClock() {
  const waiting: { at: number; go: () => void }[] = []
  let time = 0
  return {
    now: () => time,
    wait: (ms: number) => new Promise<void>((go) => waiting.push({ at: time + ms, go })),
    advance(ms: number) {
      time += ms
    },
    /** Lets everybody who waits have their turn, in order, until nobody waits. */
    async run() {
      for (;;) {
        await setImmediate()
        waiting.sort((a, b) => a.at - b.at)
        const first = waiting.shift()
        if (!first) return
        time = Math.max(time, first.at)
        first.go()
      }
    },
  }
}

describe('createRateLimit', () => {
  it('lets through as many bytes a second as it is told, whatever the pieces are', async () => {
    for (const piece of [1000, 16_384, 65_536]) {
      const clock = createClock()
      const limit = createRateLimit(1_000_000, clock)
      let bytes = 0
      const work = async () => {
        for (; clock.now() < 5000; bytes += piece) await limit.take(piece)
      }
      await Promise.all([work(), clock.run()])
      const rate = bytes / (clock.now() / 1000)
      assert.ok(Math.abs(rate / 1_000_000 - 1) < 0.05, `${rate} bytes a second in pieces of ${piece}`)
    }
  })

  it('gives those that ask in turn the same share', async () => {
    const clock = createClock()
    const limit = createRateLimit(100_000, clock)
    const taken = [0, 0, 0, 0]
    const work = taken.map(async (_, i) => {
      for (; clock.now() < 2000; taken[i]! += limit.piece) await limit.take(limit.piece)
    })
    await Promise.all([...work, clock.run()])
    assert.ok(Math.max(...taken) - Math.min(...taken) <= 2 * limit.piece, String(taken))
  })

  it('does not save up what was not used for long', async () => {
    const clock = createClock()
    const limit = createRateLimit(1000, clock)
    await limit.take(1)
    clock.advance(60_000)
    const begun = clock.now()
    let bytes = 0
    const work = async () => {
      for (; clock.now() - begun < 1000; bytes += 10) await limit.take(10)
    }
    await Promise.all([work(), clock.run()])
    assert.ok(bytes <= 1150, `${bytes} bytes in a second`)
  })

  it('is taken in pieces of a fiftieth of a second, within reason', () => {
    assert.equal(createRateLimit(1_000_000).piece, 20_000)
    assert.equal(createRateLimit(32 * 1024).piece, 4096)
    assert.equal(createRateLimit(1e9).piece, 256 * 1024)
  })

  it('lets go of who gives up', async () => {
    const limit = createRateLimit(10)
    await limit.take(1000)
    const stop = new AbortController()
    const waiting = limit.take(1, stop.signal)
    stop.abort()
    await assert.rejects(waiting, { name: 'AbortError' })
  })
})
