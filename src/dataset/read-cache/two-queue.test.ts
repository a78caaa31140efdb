import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createTwoQueue } from './two-queue.ts'

const weightless = () => 1

/** Reads through the cache, as its users do. @returns whether it was a hit */
function use(cache: ReturnType<typeof createTwoQueue<number, number>>, key: number): boolean {
  if (cache.get(key) !== undefined) return true
  cache.set(key, key)
  return false
}

describe('createTwoQueue', () => {
  it('keeps what came again, whatever is scanned', () => {
    const cache = createTwoQueue<number, number>(100, weightless)
    const wanted = Array.from({ length: 20 }, (_, i) => i)
    for (const key of wanted) use(cache, key)
    for (let key = 1000; key < 1100; key++) use(cache, key) // out of the queue, into memory of keys
    for (const key of wanted) use(cache, key)
    for (let key = 2000; key < 12_000; key++) use(cache, key)
    assert.ok(wanted.every((key) => use(cache, key)))
  })

  it('takes many reads of a new value for one', () => {
    const cache = createTwoQueue<number, number>(100, weightless)
    for (let key = 0; key < 50; key++) for (let again = 0; again < 10; again++) use(cache, key)
    for (let key = 1000; key < 1200; key++) use(cache, key)
    assert.ok(Array.from({ length: 50 }, (_, i) => i).every((key) => cache.get(key) === undefined))
  })

  it('gives what was set last under a key, never holds more than it may, and tells once of each that leaves', () => {
    const step = fc.record({ key: fc.nat(30), weight: fc.nat(12), remove: fc.boolean() })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const gone: object[] = []
        const cache = createTwoQueue<number, { weight: number }>(
          40,
          ({ weight }) => weight,
          (value) => gone.push(value),
        )
        let set = 0
        const last = new Map<number, object | undefined>()
        for (const { key, weight, remove } of steps) {
          const value = { weight }
          if (remove) cache.delete(key)
          else cache.set(key, value)
          if (!remove) set++
          last.set(key, remove ? undefined : value)
          const held = [...last.keys()].map((known) => [known, cache.get(known)] as const)
          for (const [known, value] of held) assert.ok(value === undefined || value === last.get(known))
          const sum = held.reduce((total, [, value]) => total + (value?.weight ?? 0), 0)
          assert.equal(cache.weight(), sum)
          assert.ok(sum <= 40)
          const kept = held.filter(([, value]) => value !== undefined)
          assert.deepEqual([gone.length, new Set(gone).size], [set - kept.length, gone.length])
          assert.ok(kept.every(([, value]) => !gone.includes(value!)))
        }
      }),
    )
  })
})
