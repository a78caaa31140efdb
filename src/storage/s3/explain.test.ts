import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { FAULTS, refuse } from '../../../test/testing/s3/faults.fixture.ts'
import { openS3 } from '../../../test/testing/s3/open-s3.fixture.ts'
import { type S3Server, startS3 } from '../../../test/testing/s3/start-s3.fixture.ts'
import { AetherError, type ErrorCode } from '../../core/errors.ts'
import type { Storage } from '../storage.ts'
import { bytesOf } from '../suite-kit.fixture.ts'
import { explain } from './explain.ts'

type Row = [status: number, name: string, code: ErrorCode, undone: boolean, says: RegExp]

const REFUSALS: Row[] = [
  [404, 'NoSuchBucket', 'unavailable', false, /no such bucket/],
  [403, 'AccessDenied', 'denied', false, /does not permit/],
  [403, 'SignatureDoesNotMatch', 'denied', false, /secret key is wrong/],
  [403, 'InvalidAccessKeyId', 'denied', false, /access key is not known/],
  [403, 'RequestTimeTooSkewed', 'denied', false, /clock/],
  [400, 'ExpiredToken', 'denied', false, /token has expired/],
  [400, 'InvalidToken', 'denied', false, /token/],
  [403, 'UserSuspended', 'denied', false, /does not permit/],
  [400, 'KMS.DisabledException', 'denied', false, /does not permit/],
  [301, 'PermanentRedirect', 'invalid', false, /another region/],
  [400, 'AuthorizationHeaderMalformed', 'invalid', false, /another region/],
  [409, 'ConditionalRequestConflict', 'unavailable', true, /another write/],
  [503, 'SlowDown', 'unavailable', true, /fewer requests/],
  [429, 'TooManyRequests', 'unavailable', true, /fewer requests/],
  [429, 'Whatever', 'unavailable', true, /fewer requests/],
  [500, 'InternalError', 'unavailable', false, /status 500/],
  [502, 'BadGateway', 'unavailable', false, /status 502/],
  [503, 'ServiceUnavailable', 'unavailable', false, /status 503/],
  [400, 'RequestTimeout', 'unavailable', false, /too slowly/],
  [400, 'BadDigest', 'unavailable', true, /damaged/],
  [400, 'EntityTooLarge', 'too-large', false, /larger/],
  [403, 'QuotaExceeded', 'no-space', false, /quota/],
  [507, 'XMinioStorageFull', 'no-space', false, /full/],
  [400, 'InvalidArgument', 'internal', false, /400 \(InvalidArgument: Refused with InvalidArgument\)/],
  [501, 'NotImplemented', 'internal', false, /status 501/],
]

const SYSTEM: [error: Error, undone: boolean, says: RegExp][] = [
  [failure('ENOTFOUND'), true, /cannot be reached/],
  [failure('EAI_AGAIN'), true, /cannot be reached/],
  [failure('ECONNREFUSED'), true, /cannot be reached/],
  [failure('CERT_HAS_EXPIRED'), true, /certificate/],
  [failure('EPROTO'), true, /TLS/],
  [failure('HPE_INVALID_CONSTANT'), false, /HTTP/],
  [failure('ECONNRESET'), false, /broke off/],
  [failure('EPIPE'), false, /broke off/],
  [failure('EMFILE'), false, /files are open/],
  [named('TimeoutError', 'the request socket did not establish a connection within 5 ms'), true, /does not take/],
  [named('TimeoutError', 'the request socket timed out'), false, /silent/],
]

describe('explain', () => {
  let server: S3Server
  let storage: Storage
  before(async () => {
    server = await startS3()
    storage = await openS3(server, { timeouts: { idle: 600 } })
    await storage.put('a', bytesOf('0123456789'))
  })
  after(async () => {
    await storage.close()
    await server.close()
  })

  async function failing(fault: S3Server['faults'], call = () => storage.get('a') as Promise<unknown>) {
    server.faults = fault
    const error = await call().then(
      () => assert.fail('it did not fail'),
      (thrown: unknown) => thrown,
    )
    server.faults = undefined
    assert.ok(error instanceof AetherError)
    return error
  }

  for (const [status, name, code, undone, says] of REFUSALS) {
    it(`calls ${status} ${name} ${code}${undone ? ', and nothing done' : ''}`, async () => {
      const error = await failing(() => refuse(status, name))
      assert.deepEqual([error.code, error.detail.undone], [code, undone ? 'true' : undefined])
      assert.match(error.message, /^Cannot read "a": /)
      assert.match(error.message, says)
      if (['denied', 'invalid', 'no-space'].includes(code)) assert.ok(error.hint)
    })
  }

  it('takes no page of a web server for an answer', async () => {
    const page = { status: 404, headers: { 'content-type': 'text/html' }, body: '<html><p>Not here<br></html>' }
    for (const status of [404, 400]) {
      const { code } = await failing(() => ({ answer: { ...page, status } }))
      assert.equal(code, 'internal')
    }
    assert.equal((await failing(() => ({ answer: { ...page, status: 503 } }))).code, 'unavailable')
  })

  it('goes by the status where the words cannot be read, and names it', async () => {
    const rows: [status: number, code: ErrorCode][] = [
      [401, 'denied'],
      [403, 'denied'],
      [404, 'not-found'],
      [408, 'unavailable'],
      [409, 'unavailable'],
      [412, 'conflict'],
      [413, 'too-large'],
      [429, 'unavailable'],
    ]
    const headers = { 'content-type': 'application/xml' }
    for (const [status, code] of rows) {
      const error = await failing(() => ({ answer: { status, headers, body: '<Error><Code>Cut sho' } }))
      assert.equal(error.code, code, error.message)
      assert.match(error.message, new RegExp(`^Cannot read "a": .*\\b${status}\\b`))
    }
  })

  it('hands on when the store wants to be asked again', async () => {
    const at = (value: string) => failing(() => refuse(503, 'SlowDown', { 'retry-after': value }))
    assert.equal((await at('7')).detail.retryAfterMs, '7000')
    assert.equal((await at(new Date(Date.now() - 5000).toUTCString())).detail.retryAfterMs, '0')
    const later = Number((await at(new Date(Date.now() + 60_000).toUTCString())).detail.retryAfterMs)
    assert.ok(later > 55_000 && later <= 60_000, `${later}`)
    assert.equal((await at('soon')).detail.retryAfterMs, undefined)
  })

  it('calls a broken connection unavailable', async () => {
    for (const fault of [FAULTS.reset(), FAULTS.truncate(4), FAULTS.hang(), FAULTS.stall(4)]) {
      const { code, detail } = await failing(() => fault)
      assert.deepEqual([code, detail], ['unavailable', {}])
    }
  })

  it('knows that nothing was done where nobody listens', async () => {
    const closed = await startS3()
    const other = await openS3(closed)
    await closed.close()
    await failing(undefined, () => other.get('a')) // may still find the old connection
    const error = await failing(undefined, () => other.put('a', bytesOf('x')))
    assert.deepEqual([error.code, error.detail.undone], ['unavailable', 'true'])
    await other.close()
  })

  for (const [error, undone, says] of SYSTEM) {
    it(`knows ${error.message.slice(0, 60)}`, () => {
      const { code, message, detail } = explain(error, 'Cannot read "a"')
      assert.deepEqual([code, detail.undone], ['unavailable', undone ? 'true' : undefined])
      assert.match(message, says)
    })
  }

  it('says what to do without credentials', () => {
    const error = explain(named('CredentialsProviderError', 'none'), 'Cannot read "a"')
    assert.equal(error.code, 'denied')
    assert.match(error.hint ?? '', /AWS_ACCESS_KEY_ID/)
  })

  it('hides no defect of our own', () => {
    assert.equal(explain(new TypeError('x is not a function'), 'Cannot read "a"').code, 'internal')
  })

  it('keeps control characters and length of what a service says out of messages', async () => {
    const body = `<Error><Code>Strange</Code><Message>a&#27;[31m${'x'.repeat(1000)}</Message></Error>`
    const { message } = await failing(() => ({ answer: { status: 400, body } }))
    assert.doesNotMatch(message, /\p{Cc}/u)
    assert.ok(message.length < 300)
  })

  it('stops when the caller stops, also while an answer is on its way', async () => {
    for (const fault of [FAULTS.hang(), FAULTS.stall(4)]) {
      const stopper = new AbortController()
      const error = await failing(
        () => {
          setImmediate(() => stopper.abort(new Error('enough')))
          return fault
        },
        () => storage.get('a', { signal: stopper.signal }),
      )
      assert.equal(error.code, 'cancelled')
    }
  })
})

function failure(code: string): Error {
  return Object.assign(new Error(code), { code })
}

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name })
}
