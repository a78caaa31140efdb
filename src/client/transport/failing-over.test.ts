import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AetherError } from '../../core/errors.ts'
import { createFailingOver } from './failing-over.ts'
import { UnansweredError } from './http-call.ts'
import { GET, scriptedCalls } from './scripted-calls.fixture.ts'

const refused = () => new UnansweredError('Refused', false, { hint: 'Look' })
const cut = () => new UnansweredError('Cut', true, {})
const busy = (retryAfterMs: number) =>
  new AetherError('unavailable', 'Busy', { detail: { retryAfterMs: String(retryAfterMs) } })

/** Hubs "0", "1", … that do as the scripts say, as one. */
function hubs(...scripts: ((attempt: number) => Error | string)[]) {
  const calls = scripts.map(scriptedCalls)
  const switches: string[] = []
  const all = createFailingOver(
    calls.map((one, i) => ({ host: String(i), calls: one })),
    (failure, to) => void switches.push(`${failure.message} ${to}`),
  )
  const ask = async (once = false) => (await all.send({ ...GET, once })).body.toString()
  return { all, ask, switches, counts: () => calls.map((one) => one.count()) }
}

describe('createFailingOver', () => {
  it('asks the first hub as long as it answers', async () => {
    const { ask, counts, all } = hubs(
      () => 'a',
      () => 'b',
    )
    for (let i = 0; i < 3; i++) assert.equal(await ask(), 'a')
    assert.deepEqual([counts(), all.host()], [[3, 0], '0'])
  })

  it('goes to the next one when it is not available, stays there, and comes back when that fails', async () => {
    let down = 0
    const { ask, all, switches } = hubs(
      () => (down === 0 ? refused() : 'a'),
      () => (down === 1 ? busy(0) : 'b'),
    )
    assert.deepEqual([await ask(), all.host()], ['b', '1'])
    down = 9
    assert.equal(await ask(), 'b')
    down = 1
    assert.deepEqual([await ask(), all.host()], ['a', '0'])
    assert.deepEqual(switches, ['Refused 1', 'Busy 0'])
  })

  it('takes any other error as the answer', async () => {
    const { ask, counts } = hubs(
      () => new AetherError('not-found', 'None'),
      () => 'b',
    )
    await assert.rejects(ask(), { code: 'not-found' })
    assert.deepEqual(counts(), [1, 0])
  })

  it('says what each has said when all fail, and the shortest wait', async () => {
    const { ask } = hubs(
      () => busy(3000),
      () => busy(2000),
    )
    await assert.rejects(ask(), {
      code: 'unavailable',
      message: 'None of the 2 hubs can do this now: Busy; Busy',
      detail: { retryAfterMs: '2000' },
    })
  })

  it('sends what must not be repeated on only when it never left', async () => {
    const reached = hubs(cut, () => 'b')
    await assert.rejects(reached.ask(true), { message: 'Cut' })
    assert.deepEqual(reached.counts(), [1, 0])
    assert.equal(await hubs(refused, () => 'b').ask(true), 'b')
    await assert.rejects(hubs(refused, refused).ask(true), { name: 'AetherError', sent: false })
  })
})
