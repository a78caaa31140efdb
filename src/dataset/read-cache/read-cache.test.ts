import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import fc from 'fast-check'
import { AetherError } from '../../core/errors.ts'
import { readSpan, storedSample, storeOf, wholeFile } from './read-cache.fixture.ts'
import { createReadCache, type ReadCacheOptions } from './read-cache.ts'

const MiB = 1024 * 1024
const sample = await storedSample()
const { content } = sample
const opened: { close(): Promise<void> }[] = []
after(() => Promise.all(opened.map((cache) => cache.close())))

function open(options: ReadCacheOptions = {}) {
  const cache = createReadCache(options)
  opened.push(cache)
  return cache
}

const newStore = () => storeOf(sample)
const part = (offset: number, length: number) => content.subarray(offset, offset + length)
const anyRange = fc
  .tuple(fc.nat(content.length), fc.nat(400_000))
  .map(([offset, length]) => ({ offset, length: Math.min(length, content.length - offset) }))

describe('createReadCache', () => {
  it('gives any ranges, read one by one and together, with little memory and with much', async () => {
    const caches = [open({ memoryBytes: 400_000 }), open({ memoryBytes: 2 * MiB, inlineBytes: 0 }), open()]
    await fc.assert(
      fc.asyncProperty(fc.array(anyRange, { maxLength: 6 }), fc.boolean(), async (ranges, together) => {
        const store = newStore()
        for (const cache of caches) {
          const check = async (range: (typeof ranges)[0]) =>
            assert.ok((await readSpan(cache, store, range)).equals(part(range.offset, range.length)))
          if (together) await Promise.all(ranges.map(check))
          else for (const range of ranges) await check(range)
        }
      }),
      { numRuns: 15 },
    )
  })

  it('uses the buffers of pieces again once they were given back, and of no others', async () => {
    const store = newStore()
    const all = { offset: 0, length: content.length }
    for (const inlineBytes of [0, 64 * MiB]) {
      const cache = open({ memoryBytes: 400_000, inlineBytes })
      const kept: { piece: Uint8Array; at: number }[] = []
      const buffers = new Set<ArrayBufferLike>()
      const readAll = async (gives: boolean) => {
        const back: (() => void)[] = []
        const lent = gives ? (giveBack: () => void) => back.push(giveBack) : undefined
        let at = 0
        for await (const piece of cache.read(store.record, all, all, store.fetch, { lent })) {
          assert.ok(content.subarray(at, at + piece.length).equals(piece))
          if (gives) buffers.add(piece.buffer)
          else kept.push({ piece, at })
          at += piece.length
          for (const giveBack of back.splice(0)) giveBack()
        }
      }
      await Promise.all([true, false, true].map(readAll))
      for (let i = 0; i < 5; i++) await readAll(true)
      assert.ok(kept.every(({ piece, at }) => content.subarray(at, at + piece.length).equals(piece)))
      assert.ok(inlineBytes === 0 || buffers.size < 3 * kept.length) // they move to workers and back: others by name
    }
  })

  it('fetches once what many ask for at the same time', async () => {
    const store = newStore()
    const cache = open()
    const range = { offset: 1000, length: 500_000 }
    const all = await Promise.all(Array.from({ length: 50 }, () => readSpan(cache, store, range)))
    assert.ok(all.every((bytes) => bytes.equals(part(1000, 500_000))))
    assert.equal(store.fetches.length, 1)
    await readSpan(cache, store, range)
    assert.equal(store.fetches.length, 1)
  })

  it('fetches one frame for a read somewhere', async () => {
    const store = newStore()
    const cache = open()
    for (const offset of [2_000_000, 800_000, 100_000]) await readSpan(cache, store, { offset, length: 4096 })
    assert.equal(store.fetches.length, 3)
    assert.ok(store.fetches.every(({ length }) => length <= 256 * 1024))
  })

  it('joins what lies side by side, and fetches nothing twice for who reads on', async () => {
    const storedBytes = [...sample.blocks.values()].reduce((sum, { length }) => sum + length, 0)
    for (const step of [16_384, 131_072, content.length]) {
      const store = newStore()
      const cache = open()
      for (let offset = 0; offset < content.length; offset += step) {
        const length = Math.min(step, content.length - offset)
        assert.ok((await readSpan(cache, store, { offset, length })).equals(part(offset, length)))
      }
      const fetched = store.fetches.reduce((sum, { length }) => sum + length, 0)
      assert.ok(fetched <= storedBytes, `${fetched} of ${storedBytes} bytes in steps of ${step}`)
      assert.ok(store.fetches.length <= 6, `${store.fetches.length} fetches in steps of ${step}`)
    }
  })

  it('stops fetching when its reader stops', async () => {
    const store = newStore()
    const cache = open()
    for await (const first of cache.read(
      store.record,
      { offset: 0, length: content.length },
      { offset: 0, length: content.length },
      store.fetch,
    )) {
      assert.ok(first.length > 0)
      break
    }
    const fetched = store.fetches.length
    await new Promise(setImmediate)
    assert.equal(store.fetches.length, fetched)
  })

  it('gives nothing to who has gone away, of what is in memory either', async () => {
    const [store, cache] = [newStore(), open()]
    const range = { offset: 0, length: 1000 }
    await readSpan(cache, store, range)
    const reading = cache.read(store.record, wholeFile(store), range, store.fetch, { signal: AbortSignal.abort() })
    await assert.rejects(reading[Symbol.asyncIterator]().next(), { code: 'cancelled' })
  })

  it('fetches for those who stay what somebody who went away has asked for', async () => {
    const store = newStore()
    const cache = open()
    const going = new AbortController()
    const reached = Promise.withResolvers<void>()
    const goOn = Promise.withResolvers<void>()
    store.onFetch = async () => {
      reached.resolve()
      await goOn.promise
      return undefined
    }
    const gone = readSpan(cache, store, { offset: 0, length: 100 }, { signal: going.signal })
    const staying = readSpan(cache, store, { offset: 50, length: 100 })
    await reached.promise
    going.abort()
    await assert.rejects(gone, { code: 'cancelled' })
    goOn.resolve()
    assert.ok((await staying).equals(part(50, 100)))
    assert.equal(store.fetches.length, 1)
  })

  it('lets nobody fail for what somebody else may not do', async () => {
    const store = newStore()
    const cache = open()
    const denied = async (...args: Parameters<typeof store.fetch>) => {
      if (args[1].offset < 1_000_000) throw new AetherError('denied', 'Not for you')
      return store.fetch(...args)
    }
    const range = { offset: 0, length: 100 }
    const [one, other] = await Promise.allSettled([
      readSpan(cache, store, range, { fetch: denied }),
      readSpan(cache, store, range),
    ])
    assert.equal(one.status, 'rejected')
    assert.ok(other.status === 'fulfilled' && other.value.equals(part(0, 100)))
  })

  it('promise 3: fetches once more what is wrong, and then says so, whichever bit it is', async () => {
    const run = fc.asyncProperty(
      fc.nat(1_000_000),
      fc.boolean(),
      fc.integer({ min: 0, max: 9 }),
      async (bit, always, tenth) => {
        const store = newStore()
        const cache = createReadCache(tenth === 0 ? { inlineBytes: 0 } : {})
        let lies = 0
        store.onFetch = async (_, __, bytes) => {
          if (lies++ > 0 && !always) return undefined
          const wrong = Uint8Array.from(bytes)
          const at = bit % wrong.length
          wrong[at] = wrong[at]! ^ (1 << (bit % 8))
          return wrong
        }
        try {
          assert.ok((await readSpan(cache, store, { offset: 100_000, length: 200_000 })).equals(part(100_000, 200_000)))
        } catch (error) {
          assert.ok(always, String(error))
          assert.equal((error as AetherError).code, 'integrity')
        } finally {
          await cache.close()
        }
      },
    )
    await fc.assert(run, { numRuns: 20 })
  })

  it('passes on why the store gave nothing, and tries again the next time', async () => {
    const store = newStore()
    const cache = open()
    store.onFetch = async () => {
      throw new AetherError('unavailable', 'The store is away')
    }
    await assert.rejects(readSpan(cache, store, { offset: 0, length: 10 }), { code: 'unavailable' })
    store.onFetch = undefined
    assert.ok((await readSpan(cache, store, { offset: 0, length: 10 })).equals(part(0, 10)))
  })

  it('says that bytes are missing when the store gives fewer', async () => {
    const store = newStore()
    store.onFetch = async (_, __, bytes) => bytes.subarray(0, bytes.length - 1)
    await assert.rejects(readSpan(open(), store, { offset: 0, length: 10 }), { code: 'integrity' })
  })
})
