import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AetherError } from '../../core/errors.ts'
import { createMemoryStorage } from '../../storage/memory.ts'
import { type ReadableStore, readObject } from './read-object.ts'

function failing(error: unknown): ReadableStore {
  return { ...createMemoryStorage(), get: () => Promise.reject(error) }
}

describe('readObject', () => {
  it('gives the bytes of an object up to the bound', async () => {
    const storage = createMemoryStorage()
    await storage.put('key', Buffer.from('12345'))
    assert.deepEqual(await readObject(storage, 'key', 5), { bytes: new Uint8Array(Buffer.from('12345')) })
    assert.deepEqual(await readObject(storage, 'key', 4), { problem: 'damaged', reason: 'it has over 4 bytes' })
    assert.equal(await readObject(storage, 'nothing', 5), undefined)
  })

  it('asks for no more than one byte over the bound', async () => {
    const lengths: (number | undefined)[] = []
    const storage: ReadableStore = {
      ...createMemoryStorage(),
      async get(key, { range } = {}) {
        lengths.push(range?.length)
        return { info: { key, size: 1e12, modified: 0, version: '' }, bytes: new Uint8Array(range!.length) }
      },
    }
    assert.deepEqual(await readObject(storage, 'huge', 100), { problem: 'damaged', reason: 'it has over 100 bytes' })
    assert.deepEqual(lengths, [101])
  })

  it('takes a bad place on a disk for a finding', async () => {
    const cause = Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' })
    const error = new AetherError('unavailable', 'Cannot read "key": the disk failed', { cause })
    assert.deepEqual(await readObject(failing(error), 'key', 5), { problem: 'unreadable', reason: 'the disk failed' })
  })

  it('takes what a store says is damaged for damaged', async () => {
    const error = new AetherError('integrity', 'The object "key" was cut short while it was read')
    assert.deepEqual(await readObject(failing(error), 'key', 5), { problem: 'damaged', reason: error.message })
  })

  it('takes a store that does not answer for nothing else', async () => {
    for (const code of ['unavailable', 'denied', 'cancelled', 'internal'] as const)
      await assert.rejects(readObject(failing(new AetherError(code, 'away')), 'key', 5), { code })
  })
})
