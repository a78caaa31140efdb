import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isBlockKey } from './keys.ts'
import { createMemoryStorage } from './memory.ts'
import { sharedReads } from './shared-reads.ts'
import type { StoredObject } from './storage.ts'
import { bytesOf, outcome, textOf, times } from './suite-kit.fixture.ts'

/** Over a memory whose reads wait until `go` is called; `reads` are the signals of those that were begun. */
async function make() {
  const memory = createMemoryStorage()
  for (const key of ['blocks/a', 'blocks/b', 'tags/a']) await memory.put(key, bytesOf('0123456789'))
  const reads: (AbortSignal | undefined)[] = []
  let gate = Promise.withResolvers<void>()
  const slow = {
    ...memory,
    async get(key: string, options: Parameters<typeof memory.get>[1]): Promise<StoredObject> {
      reads.push(options?.signal)
      await gate.promise
      return memory.get(key, options)
    },
  }
  function go(): void {
    gate.resolve()
    gate = Promise.withResolvers()
  }
  return { storage: sharedReads(slow, isBlockKey), memory, reads, go }
}

describe('shared reads', () => {
  it('read once for all who want the same bytes at the same moment', async () => {
    const { storage, reads, go } = await make()
    const range = { offset: 2, length: 3 }
    const wanted = times(50, () => storage.get('blocks/a', { range }))
    go()
    const found = await Promise.all(wanted)
    assert.equal(reads.length, 1)
    for (const { info, bytes } of found) {
      assert.equal(textOf(bytes), '234')
      assert.equal(info.size, 10)
      assert.equal(bytes, found[0]!.bytes)
    }
  })

  it('read anew for another range, another block, and whoever comes later', async () => {
    const { storage, reads, go } = await make()
    const wanted = [
      storage.get('blocks/a', { range: { offset: 2, length: 3 } }),
      storage.get('blocks/a', { range: { offset: 2, length: 4 } }),
      storage.get('blocks/a'),
      storage.get('blocks/b'),
    ]
    go()
    await Promise.all(wanted)
    const later = storage.get('blocks/a')
    go()
    await later
    assert.equal(reads.length, 5)
  })

  it('never share what may change', async () => {
    const { storage, reads, go } = await make()
    const wanted = [storage.get('tags/a'), storage.get('tags/a')]
    go()
    await Promise.all(wanted)
    assert.equal(reads.length, 2)
  })

  it('go on for the others when one reader stops, and stop when all have', async () => {
    const { storage, reads, go } = await make()
    const stops = times(3, () => new AbortController())
    const calls = stops.map(({ signal }) => outcome(storage.get('blocks/a', { signal })))
    stops[0]!.abort()
    assert.equal(await calls[0], 'cancelled')
    assert.equal(reads[0]!.aborted, false)
    stops[1]!.abort()
    stops[2]!.abort()
    assert.deepEqual(await Promise.all(calls), ['cancelled', 'cancelled', 'cancelled'])
    assert.equal(reads[0]!.aborted, true)
    const next = storage.get('blocks/a') // is not given the read that was stopped
    go()
    assert.equal(textOf((await next).bytes), '0123456789')
  })

  it('tell all of a failure, and keep none', async () => {
    const { storage, memory, go, reads } = await make()
    await memory.delete('blocks/a')
    const calls = times(3, () => outcome(storage.get('blocks/a')))
    go()
    assert.deepEqual(await Promise.all(calls), ['not-found', 'not-found', 'not-found'])
    await memory.put('blocks/a', bytesOf('back'))
    const next = storage.get('blocks/a')
    go()
    assert.equal(textOf((await next).bytes), 'back')
    assert.equal(reads.length, 2)
  })
})
