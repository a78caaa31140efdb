import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createFreshWork } from './fresh-work.ts'

/** Work that ends when it is told to, and gives how often anything had been asked when it began. */
function createWatched() {
  const work = createFreshWork<string, number>()
  const underWay: { end(): void; fail(error: Error): void; signal: AbortSignal }[] = []
  const counts = { asked: 0, begun: 0, most: 0 }

  async function begin(signal: AbortSignal): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    underWay.push({ end: resolve, fail: reject, signal })
    const moment = counts.asked
    counts.begun++
    counts.most = Math.max(counts.most, underWay.length)
    try {
      await promise
    } finally {
      underWay.shift()
    }
    return moment
  }

  function ask(signal?: AbortSignal): { question: number; answer: Promise<number> } {
    const question = ++counts.asked
    return { question, answer: work.run('key', begin, signal) }
  }

  return { ask, underWay, counts }
}

const settle = () => new Promise((resolve) => setImmediate(resolve))

describe('createFreshWork', () => {
  it('gives no answer that is older than its question, with one piece of work at a time', async () => {
    const step = fc.constantFrom('ask', 'ask', 'ask', 'end', 'fail', 'turn')
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const { ask, underWay, counts } = createWatched()
        const asked: Promise<void>[] = []
        const check = async ({ question, answer }: ReturnType<typeof ask>) =>
          assert.ok((await answer.catch(() => question)) >= question)
        for (const name of steps) {
          if (name === 'ask') asked.push(check(ask()))
          else if (name === 'end') underWay[0]?.end()
          else if (name === 'fail') underWay[0]?.fail(new Error('failed'))
          else await settle()
        }
        for (let more = true; more; more = underWay.length > 0) {
          underWay[0]?.end()
          await settle()
        }
        await Promise.all(asked)
        assert.ok(counts.most <= 1)
      }),
      { numRuns: 200 },
    )
  })

  it('serves all who come meanwhile with the next piece of work', async () => {
    const { ask, underWay, counts } = createWatched()
    const first = ask()
    const others = Array.from({ length: 100 }, () => ask())
    underWay[0]!.end()
    assert.equal(await first.answer, 1)
    await settle()
    underWay[0]!.end()
    assert.deepEqual(new Set(await Promise.all(others.map(({ answer }) => answer))), new Set([101]))
    assert.equal(counts.begun, 2)
  })

  it('tells a failure to those who waited for it, and to nobody else', async () => {
    const { ask, underWay } = createWatched()
    const first = ask()
    const second = ask()
    underWay[0]!.fail(new Error('lost'))
    await assert.rejects(first.answer, { message: 'lost' })
    await settle()
    underWay[0]!.end()
    assert.equal(await second.answer, 2)
  })

  it('stops what nobody waits for, and begins nothing for those who have left', async () => {
    const { ask, underWay, counts } = createWatched()
    const leaving = new AbortController()
    const all = [ask(leaving.signal), ask(leaving.signal)]
    leaving.abort()
    for (const { answer } of all) await assert.rejects(answer, { code: 'cancelled' })
    assert.equal(underWay[0]!.signal.aborted, true)
    assert.equal(counts.begun, 1)
    const late = ask()
    underWay[0]!.end()
    await settle()
    underWay[0]?.end()
    assert.equal(await late.answer, 3)
  })

  it('keeps keys apart, and remembers none', async () => {
    const work = createFreshWork<string, string>()
    const answers = ['a', 'b', 'a'].map((key) => work.run(key, async () => key))
    assert.deepEqual(await Promise.all(answers), ['a', 'b', 'a'])
    assert.equal(await work.run('a', async () => 'new'), 'new')
  })
})
