// What is large on a real S3: objects of the size of blocks, and lists of several pages.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { openStorage } from '../../src/storage/open-storage.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { byBytes, bytesOf, listAll, namesOf, times } from '../../src/storage/suite-kit.fixture.ts'
import { newStoreUrl, openBucket } from './test-bucket.ts'

/** As large as a block may be. */
const BLOCK = 20 * 1024 * 1024 + 256 * 1024
const KEYS = 1300

async function withStore(body: (storage: Storage) => Promise<void>): Promise<void> {
  const storage = await openStorage(newStoreUrl(openBucket()))
  try {
    await body(storage)
  } finally {
    await storage.close()
  }
}

describe('blocks on a real S3', () => {
  it('come back whole and in ranges, several at once', () =>
    withStore(async (storage) => {
      const blocks = times(4, (n) => ({ key: `blocks/${n}`, bytes: randomBytes(BLOCK) }))
      await Promise.all(blocks.map(({ key, bytes }) => storage.put(key, bytes, { ifAbsent: true })))
      await Promise.all(blocks.map(({ key, bytes }) => checkBlock(storage, key, bytes)))
    }))
})

async function checkBlock(storage: Storage, key: string, bytes: Buffer): Promise<void> {
  const { info, bytes: whole } = await storage.get(key)
  assert.equal(info.size, BLOCK)
  assert.ok(bytes.equals(whole), `${key} came back changed`)
  const ranges: [offset: number, length: number][] = [
    [0, 16],
    [4 * 1024 * 1024 - 1, 8 * 1024 * 1024],
    [BLOCK - 16, 16],
    [BLOCK - 1, 1000],
  ]
  for (const [offset, length] of ranges) {
    const part = await storage.get(key, { range: { offset, length } })
    assert.ok(bytes.subarray(offset, offset + length).equals(part.bytes), `${length} from ${offset} of ${key}`)
    assert.deepEqual(part.info, info)
  }
}

describe('lists on a real S3', () => {
  it('have every key once over several pages, in byte order', () =>
    withStore(async (storage) => {
      const keys = times(KEYS, (n) => `blocks/${(n * 37) % 256}/${randomBytes(4).toString('hex')}`).sort(byBytes)
      await putAll(storage, keys)
      const first = await storage.list({ prefix: 'blocks/' })
      // S3 may end a page before it is full, and Ceph sometimes does.
      const count = namesOf(first).length
      assert.ok(count > 0 && count <= 1000, `${count} keys in a page`)
      assert.deepEqual(namesOf(first), keys.slice(0, count))
      assert.equal(first.next, keys[count - 1])
      assert.deepEqual(await listAll(storage, { prefix: 'blocks/' }), keys)
      assert.deepEqual(await listAll(storage, { prefix: 'blocks/', startAfter: keys[1100] }), keys.slice(1101))
      const folders = [...new Set(keys.map((key) => key.replace(/[^/]*$/, '')))]
      assert.deepEqual(await listAll(storage, { prefix: 'blocks/', delimiter: '/', limit: 100 }), folders)
    }))
})

/** A few at a time. */
async function putAll(storage: Storage, keys: string[]): Promise<void> {
  const left = keys.values()
  const write = async () => {
    for (const key of left) await storage.put(key, bytesOf('x'))
  }
  await Promise.all(times(16, write))
}
