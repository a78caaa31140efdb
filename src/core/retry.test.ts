import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AetherError } from './errors.ts'
import { createRetryBudget, type RetryPolicy, retry } from './retry.ts'

function away(retryAfterMs?: number): AetherError {
  return new AetherError('unavailable', 'Away', {
    detail: retryAfterMs === undefined ? {} : { retryAfterMs: String(retryAfterMs) },
  })
}

/** Work that fails so often before it succeeds, with the waits that were made. */
function flaky(failures: number, error: unknown = away()) {
  const delays: number[] = []
  let tries = 0
  const work = async (attempt: number) => {
    assert.equal(attempt, ++tries)
    if (tries <= failures) throw error
    return 'done'
  }
  const policy: RetryPolicy = { random: () => 0.5, wait: async (delay) => void delays.push(delay) }
  return { work, policy, delays, tries: () => tries }
}

describe('retry', () => {
  it('tries again after growing waits', async () => {
    const { work, policy, delays } = flaky(4)
    assert.equal(await retry(work, { ...policy, firstDelay: 100, maxDelay: 300 }), 'done')
    assert.deepEqual(delays, [50, 100, 150, 150])
  })

  it('throws what the last try threw', async () => {
    const { work, policy, tries } = flaky(9)
    await assert.rejects(retry(work, { ...policy, attempts: 3 }), { code: 'unavailable' })
    assert.equal(tries(), 3)
  })

  it('does not repeat what will not get better', async () => {
    const { work, policy, tries } = flaky(1, new AetherError('conflict', 'Moved'))
    await assert.rejects(retry(work, policy), { code: 'conflict' })
    assert.equal(tries(), 1)
  })

  it('waits as long as the peer asks, and not for ever', async () => {
    const asked = flaky(1, away(2000))
    await retry(asked.work, { ...asked.policy, firstDelay: 100 })
    assert.deepEqual(asked.delays, [2005])
    const tooLong = flaky(1, away(3_600_000))
    await assert.rejects(retry(tooLong.work, tooLong.policy), { code: 'unavailable' })
  })

  it('ends at once when its signal is aborted', async () => {
    const stop = new AbortController()
    const { work } = flaky(9)
    const policy: RetryPolicy = { firstDelay: 1e6, random: () => 1, onRetry: () => stop.abort() }
    await assert.rejects(retry(work, { ...policy, maxDelay: 1e6 }, stop.signal), { name: 'AbortError' })
  })
})

describe('createRetryBudget', () => {
  it('lets a peer that is down alone once it is spent, and fills with successes', async () => {
    const budget = createRetryBudget(2)
    const { work, policy, tries } = flaky(99)
    await assert.rejects(retry(work, { ...policy, budget }))
    assert.equal(tries(), 3)
    for (let i = 0; i < 2; i++) budget.succeeded()
    assert.deepEqual([budget.mayRetry(), budget.mayRetry()], [true, false])
  })
})
