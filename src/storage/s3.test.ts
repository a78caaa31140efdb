import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { describe, it } from 'node:test'
import { type ChooseFault, FAULTS } from '../../test/testing/s3/faults.fixture.ts'
import { openS3 } from '../../test/testing/s3/open-s3.fixture.ts'
import { type S3Server, type S3ServerOptions, startS3 } from '../../test/testing/s3/start-s3.fixture.ts'
import { retrying } from './retrying.ts'
import type { S3StorageOptions } from './s3.ts'
import type { Storage } from './storage.ts'
import { testConditions } from './storage-conditions-suite.ts'
import { testStorage } from './storage-suite.ts'
import { bytesOf, listAll, type MakeStorage, outcome, readText, storageTest, times } from './suite-kit.fixture.ts'

/** Storages on an S3 of their own. */
function on(service: S3ServerOptions, options?: Partial<S3StorageOptions>): MakeStorage {
  return async () => {
    const server = await startS3(service)
    return { storage: await openS3(server, options), cleanup: () => server.close() }
  }
}

testStorage('s3', on({}, { prefix: 'some/where' }))

// As Ceph RGW 16: tags without quotes, and If-Match on DELETE goes unheard. And now and then 409, as from AWS.
const EVERY_NINTH: ChooseFault = ({ method }, index) =>
  method === 'PUT' && index % 9 === 8 ? FAULTS.conflict() : undefined
const UNLIKE_AWS = { unquotedIfMatch: true, conditionalDelete: false, faults: EVERY_NINTH }
const AT_ONCE = { policy: { attempts: 10, firstDelay: 1, maxDelay: 1 } }

describe('s3 of another kind: conditions', () =>
  testConditions(
    storageTest(async () => {
      const { storage, cleanup } = await on(UNLIKE_AWS)()
      return { storage: retrying(storage, AT_ONCE), cleanup }
    }),
  ))

/** A test with a service and a storage on it. */
function test(
  what: string,
  body: (storage: Storage, server: S3Server) => Promise<void>,
  service: S3ServerOptions = {},
  options?: Partial<S3StorageOptions>,
): void {
  it(what, async () => {
    await using server = await startS3(service)
    const storage = await openS3(server, options)
    server.requests = {}
    await body(storage, server)
    await storage.close()
  })
}

describe('s3', () => {
  test('makes one request for each call', async (storage, server) => {
    await storage.put('a', bytesOf('0123456789'), { ifAbsent: true })
    await storage.get('a')
    await storage.get('a', { range: { offset: 2, length: 3 } })
    await storage.head('a')
    await storage.list({ prefix: '' })
    await storage.delete('a')
    assert.deepEqual(server.requests, { PutObject: 1, GetObject: 2, HeadObject: 1, ListObjectsV2: 1, DeleteObject: 1 })
  })

  test('tries nothing again by itself', async (storage, server) => {
    server.faults = () => FAULTS.internalError()
    assert.equal(await outcome(storage.put('a', bytesOf('x'))), 'unavailable')
    assert.equal(await outcome(storage.get('a')), 'unavailable')
    assert.equal(await outcome(storage.head('a')), 'unavailable')
    assert.equal(await outcome(storage.list({ prefix: '' })), 'unavailable')
    assert.deepEqual(server.requests, { PutObject: 1, GetObject: 1, HeadObject: 1, ListObjectsV2: 1 })
  })

  test('sends bodies whole, with their SHA-256 and as one piece', async (storage, server) => {
    const bytes = bytesOf('hello')
    server.faults = ({ operation, headers, body }) => {
      assert.equal(operation, 'PutObject')
      assert.equal(headers['x-amz-content-sha256'], hash('sha256', bytes))
      assert.equal(headers['x-amz-checksum-sha256'], hash('sha256', bytes, 'base64'))
      assert.deepEqual(
        [headers['content-length'], headers['content-encoding'], headers.expect],
        ['5', undefined, undefined],
      )
      assert.deepEqual(body, Buffer.from(bytes))
      return undefined
    }
    await storage.put('a', bytes)
    await storage.put('a', bytes, { sha256: hash('sha256', bytes) })
  })

  test('stores nothing when the bytes are not those of the SHA-256 that was given', async (storage) => {
    const put = storage.put('a', bytesOf('hello'), { sha256: hash('sha256', 'hullo') })
    await assert.rejects(put, { code: 'unavailable', message: /damaged/, detail: { undone: 'true' } })
    assert.equal(await storage.head('a'), undefined)
  })

  test(
    'asks for encryption',
    async (storage, server) => {
      server.faults = ({ headers }) => {
        assert.equal(headers['x-amz-server-side-encryption'], 'aws:kms')
        assert.equal(headers['x-amz-server-side-encryption-aws-kms-key-id'], 'alias/mine')
        return undefined
      }
      await storage.put('a', bytesOf('x'))
    },
    {},
    { encryption: { algorithm: 'aws:kms', kmsKeyId: 'alias/mine' } },
  )

  test(
    'lists on through short and odd pages',
    async (storage) => {
      const keys = times(10, (index) => `k/${index}/x`)
      for (const key of keys) await storage.put(key, bytesOf('x'))
      assert.deepEqual(await listAll(storage, { prefix: '' }), keys)
      assert.deepEqual(
        await listAll(storage, { prefix: 'k/', delimiter: '/' }),
        times(10, (index) => `k/${index}/`),
      )
      assert.deepEqual(
        await listAll(storage, { prefix: 'k/', delimiter: '/', startAfter: 'k/3/a', limit: 1 }),
        times(6, (index) => `k/${index + 4}/`),
      )
    },
    { pageSize: 3 },
  )

  it('does not see what others put beside its objects', async () => {
    await using server = await startS3({ pageSize: 2 })
    const [storage, whole] = [await openS3(server, { prefix: 'a' }), await openS3(server)]
    for (const key of ['a/1', 'a/b/2', 'a0', 'ab/3', 'b']) await whole.put(key, bytesOf(key))
    for (const key of ['a/', 'a/b/', 'a/.hidden', 'a/.probe/x', 'a//x', 'a/z/']) server.put(key, Buffer.from('x'))
    assert.deepEqual(await listAll(storage, { prefix: '' }), ['1', 'b/2'])
    assert.deepEqual(await listAll(storage, { prefix: '', delimiter: '/' }), ['1', 'b/', 'z/'])
    assert.equal(await readText(storage, 'b/2'), 'a/b/2')
    for (const opened of [storage, whole]) await opened.close()
  })

  test(
    'goes on with a clock that is hours off',
    async (storage, server) => {
      await storage.put('a', bytesOf('x'))
      assert.equal(await readText(storage, 'a'), 'x')
      assert.deepEqual(server.requests, { PutObject: 1, GetObject: 1 })
    },
    { now: () => Date.now() + 3 * 3_600_000 },
  )

  test('keeps its connections', async (storage, server) => {
    const before = server.connections()
    for (const key of times(20, String)) {
      await storage.put(key, bytesOf('x'))
      await storage.get(key)
      await storage.get(key, { range: { offset: 5, length: 1 } })
      await outcome(storage.get('missing'))
      await storage.list({ prefix: '' })
    }
    assert.equal(server.connections(), before)
  })
})
