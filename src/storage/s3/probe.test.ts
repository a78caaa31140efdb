import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FAULTS, refuse } from '../../../test/testing/s3/faults.fixture.ts'
import { openS3 } from '../../../test/testing/s3/open-s3.fixture.ts'
import { type S3ServerOptions, startS3 } from '../../../test/testing/s3/start-s3.fixture.ts'
import { bytesOf, outcome, times } from '../suite-kit.fixture.ts'

const GOOD: [what: string, service: S3ServerOptions, requests: number][] = [
  ['a service that keeps all conditions', {}, 9],
  ['one that wants tags without quotes', { unquotedIfMatch: true }, 10],
  ['one that ignores conditions on deletes', { conditionalDelete: false }, 8],
]

describe('the probe of an S3 service', () => {
  for (const [what, service, most] of GOOD) {
    it(`takes ${what}, and leaves nothing there`, async () => {
      await using server = await startS3(service)
      const storage = await openS3(server)
      assert.equal(server.size(), 0)
      const total = Object.values(server.requests).reduce((sum, count) => sum + count)
      assert.ok(total <= most, `${total} requests`)
      const { version } = await storage.put('a', bytesOf('1'))
      await storage.put('a', bytesOf('2'), { ifMatch: version })
      assert.equal(await outcome(storage.put('a', bytesOf('3'), { ifMatch: version })), 'conflict')
      await storage.close()
    })
  }

  it('refuses a service that keeps no conditions, unless there is one writer only', async () => {
    await using server = await startS3({ conditional: false })
    await assert.rejects(openS3(server), { code: 'invalid', message: /conditions/, hint: /--single-writer/ })
    assert.equal(server.size(), 0)
    const storage = await openS3(server, { singleWriter: true })
    await storage.put('a', bytesOf('1'), { ifAbsent: true })
    assert.equal(await outcome(storage.put('a', bytesOf('2'), { ifAbsent: true })), 'conflict')
    await storage.close()
  })

  it('refuses a service where If-Match holds for what is not there', async () => {
    await using server = await startS3({ matchesNothing: true })
    await assert.rejects(openS3(server), { code: 'invalid', hint: /--single-writer/ })
    assert.equal(server.size(), 0)
  })

  it('does without checksums in headers where they are not taken', async () => {
    await using server = await startS3({
      faults: ({ headers }) => (headers['x-amz-checksum-sha256'] ? refuse(400, 'InvalidArgument') : undefined),
    })
    const storage = await openS3(server)
    await storage.put('a', bytesOf('1'), { ifAbsent: true })
    assert.equal(await outcome(storage.put('a', bytesOf('2'), { ifAbsent: true })), 'conflict')
    await storage.close()
  })

  it('does without conditions on deletes where they are refused', async () => {
    await using server = await startS3({
      faults: ({ method, headers }) =>
        method === 'DELETE' && headers['if-match'] ? refuse(501, 'NotImplemented') : undefined,
    })
    const storage = await openS3(server)
    const { version } = await storage.put('a', bytesOf('1'))
    assert.equal(await outcome(storage.delete('a', { ifMatch: 'other' })), 'conflict')
    await storage.delete('a', { ifMatch: version })
    await storage.close()
  })

  it('says why a service refuses every write', async () => {
    await using server = await startS3({
      faults: ({ method }) => (method === 'PUT' ? refuse(400, 'InvalidRequest') : undefined),
    })
    await assert.rejects(openS3(server), { code: 'internal', message: /^Cannot write to .*InvalidRequest/ })
  })

  it('refuses a service that does not know conditions and says so', async () => {
    await using server = await startS3({
      faults: ({ headers }) => (headers['if-match'] ? refuse(501, 'NotImplemented') : undefined),
    })
    await assert.rejects(openS3(server), { code: 'invalid', hint: /--single-writer/ })
  })

  it('says when the bucket is not there', async () => {
    await using server = await startS3()
    const failed = { code: 'invalid', message: /"s3:\/\/nothing\/": there is no such bucket/, hint: /Make the bucket/ }
    await assert.rejects(openS3(server, { bucket: 'nothing' }), failed)
    await assert.rejects(openS3(server, { bucket: 'nothing', readOnly: true }), { code: 'not-found' })
  })

  it('says what the credentials may not do', async () => {
    await using reader = await startS3({ readOnly: true })
    await assert.rejects(openS3(reader), { code: 'denied', message: /^Cannot write to/, hint: /s3:PutObject/ })
    await using guesser = await startS3({ noList: true })
    await assert.rejects(openS3(guesser), { code: 'denied', message: /^Cannot read from/, hint: /s3:ListBucket/ })
    await using keeper = await startS3({
      faults: ({ operation }) => (operation === 'DeleteObject' ? refuse(403, 'AccessDenied') : undefined),
    })
    await assert.rejects(openS3(keeper), { code: 'denied', message: /^Cannot delete from/, hint: /s3:DeleteObject/ })
  })

  it('says which of the credentials are wrong', async () => {
    await using server = await startS3()
    const secret = { ...server, env: { ...server.env, AWS_SECRET_ACCESS_KEY: 'wrong' } }
    await assert.rejects(openS3(secret), { code: 'denied', message: /secret key is wrong/ })
    const access = { ...server, env: { ...server.env, AWS_ACCESS_KEY_ID: 'wrong' } }
    await assert.rejects(openS3(access), { code: 'denied', message: /access key is not known/ })
  })

  it('writes nothing into a store that is only to be read', async () => {
    await using server = await startS3({ readOnly: true })
    await (await openS3(server, { readOnly: true })).close()
    assert.deepEqual(server.requests, { GetObject: 1 })
  })

  it('is not misled by failures that pass', async () => {
    const bad = [FAULTS.conflict(), FAULTS.slowDown(0), FAULTS.reset(), FAULTS.internalError(), FAULTS.commitThenFail()]
    for (const fault of [...bad, FAULTS.commitThenReset()]) {
      for (const failing of [2, 5]) {
        await using server = await startS3({
          unquotedIfMatch: true,
          faults: (_request, index) => (index === failing ? fault : undefined),
        })
        const storage = await openS3(server)
        const { version } = await storage.put('a', bytesOf('1'))
        assert.equal(await outcome(storage.put('a', bytesOf('2'), { ifMatch: version })), 'ok')
        await storage.close()
      }
    }
  })

  it('gives up when the failures do not pass', async () => {
    await using server = await startS3({ faults: () => FAULTS.internalError() })
    await assert.rejects(openS3(server), { code: 'unavailable' })
  })

  it('may be made by several hubs at once', async () => {
    await using server = await startS3()
    const storages = await Promise.all(times(5, () => openS3(server)))
    for (const storage of storages) await storage.close()
    assert.equal(server.size(), 0)
  })
})
