import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createSameTurn } from './same-turn.ts'

describe('createSameTurn', () => {
  it('lets those of one turn go on together, and those of the next one after them', async () => {
    const sameTurn = createSameTurn()
    const order: string[] = []
    const first = ['a', 'b'].map((name) => sameTurn().then(() => order.push(name)))
    setImmediate(() => order.push('the turn is over'))
    await Promise.all(first)
    const later = sameTurn().then(() => order.push('c'))
    assert.deepEqual(order, ['a', 'b'])
    await later
    assert.deepEqual(order, ['a', 'b', 'the turn is over', 'c'])
  })
})
