import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createMemoryStorage } from './memory.ts'
import { testStorage } from './storage-suite.ts'
import { bytesOf, outcome, textOf } from './suite-kit.fixture.ts'

testStorage('memory storage', async () => ({ storage: createMemoryStorage() }))

describe('memory storage', () => {
  it('takes the bytes at the call, before it is awaited', async () => {
    const storage = createMemoryStorage()
    const bytes = bytesOf('before')
    const put = storage.put('a', bytes)
    bytes.fill(0)
    await put
    assert.equal(textOf((await storage.get('a')).bytes), 'before')
  })

  it('reads no more than 64 MiB at once', async () => {
    const storage = createMemoryStorage()
    await storage.put('large', new Uint8Array(64 * 1024 * 1024 + 1))
    assert.equal(await outcome(storage.get('large')), 'too-large')
    const { bytes } = await storage.get('large', { range: { offset: 1, length: 64 * 1024 * 1024 } })
    assert.equal(bytes.length, 64 * 1024 * 1024)
  })
})
