import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { mapOrdered } from './map-ordered.ts'

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

describe('mapOrdered', () => {
  it('gives results in order, with no more than the width under way', async () => {
    let running = 0
    let most = 0
    const work = async (n: number) => {
      most = Math.max(most, ++running)
      for (let i = 0; i < (n * 7) % 5; i++) await null
      running--
      return n * 2
    }
    assert.deepEqual(await collect(mapOrdered([1, 2, 3, 4, 5, 6, 7], 3, work)), [2, 4, 6, 8, 10, 12, 14])
    assert.ok(most > 1 && most <= 3, `${most} at once`)
  })

  it('throws a failure in its place, begins no more and waits for what is under way', async () => {
    const begun: number[] = []
    const ended: number[] = []
    const work = async (n: number) => {
      begun.push(n)
      await null
      if (n === 2) throw new Error('two')
      ended.push(n)
      return n
    }
    const seen: number[] = []
    await assert.rejects(async () => {
      for await (const n of mapOrdered([1, 2, 3, 4, 5, 6], 2, work)) seen.push(n)
    }, /two/)
    assert.deepEqual(seen, [1])
    assert.ok(!begun.includes(6))
    assert.deepEqual(ended.toSorted(), begun.filter((n) => n !== 2).toSorted())
  })
})
