import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AetherError } from '../../core/errors.ts'
import { parseS3Url, type S3Options } from './s3-url.ts'

const PLAIN: S3Options = {
  bucket: 'data',
  prefix: '',
  endpoint: undefined,
  region: undefined,
  pathStyle: false,
  encryption: undefined,
  profile: undefined,
}

const GOOD: [url: string, expected: Partial<S3Options>][] = [
  ['s3://data', {}],
  ['S3://data/', {}],
  ['s3://my.bucket-1/a/b', { bucket: 'my.bucket-1', prefix: 'a/b' }],
  ['s3://data/a/b/', { prefix: 'a/b' }],
  ['s3://data/@scope/with%20space', { prefix: '@scope/with space' }],
  ['s3://data?region=eu-central-1', { region: 'eu-central-1' }],
  ['s3://data/a?', { prefix: 'a' }],
  ['s3://data?endpoint=http://127.0.0.1:9000', { endpoint: 'http://127.0.0.1:9000', pathStyle: true }],
  ['s3://data?endpoint=https%3A%2F%2Fs3.example.com%2F', { endpoint: 'https://s3.example.com', pathStyle: true }],
  ['s3://data?endpoint=https://h/base/s3&pathStyle=false', { endpoint: 'https://h/base/s3' }],
  ['s3://data?pathStyle=true', { pathStyle: true }],
  ['s3://data?sse=AES256', { encryption: { algorithm: 'AES256', kmsKeyId: undefined } }],
  ['s3://data?sse=aws:kms&kmsKeyId=alias/mine', { encryption: { algorithm: 'aws:kms', kmsKeyId: 'alias/mine' } }],
  ['s3://data?profile=my%20profile', { profile: 'my profile' }],
]

const BAD: [url: string, reason: RegExp, hint?: RegExp][] = [
  ['s3:', /name of a bucket/],
  ['s3:data', /name of a bucket/],
  ['s3:/data', /name of a bucket/],
  ['s3:///data', /name of a bucket/],
  ['s3://ab', /3 to 63/],
  [`s3://${'a'.repeat(64)}`, /3 to 63/],
  ['s3://Data', /lower-case/],
  ['s3://my_bucket', /lower-case/],
  ['s3://-data', /begins and ends/],
  ['s3://da..ta', /begins and ends/],
  ['s3://10.0.0.1', /address/],
  ['s3://data--use1-az4--x-s3', /directory buckets/],
  ['s3://data:9000', /port/, /endpoint=/],
  ['s3://data//a', /prefix/],
  ['s3://data/a//b', /prefix/],
  ['s3://data/../b', /prefix/],
  ['s3://data/.hidden', /prefix/],
  ['s3://data/a%00b', /prefix/],
  ['s3://data/a%ZZ', /decoded/],
  [`s3://data/${'x'.repeat(124)}`, /123 bytes/],
  ['s3://data#x', /"#"/],
  ['s3://data?x=1', /unknown parameter "x"/, /endpoint, region, pathStyle, sse, kmsKeyId, profile/],
  ['s3://data?Region=eu-central-1', /unknown parameter/],
  ['s3://data?__proto__=1', /unknown parameter/],
  ['s3://data?region=a&region=b', /region twice/],
  ['s3://data?region=', /region is malformed/],
  ['s3://data?region=EU', /region is malformed/, /eu-central-1/],
  ['s3://data?endpoint=localhost:9000', /endpoint is malformed/, /https:/],
  ['s3://data?endpoint=ftp://h', /endpoint is malformed/],
  ['s3://data?endpoint=http://', /endpoint is malformed/],
  ['s3://data?endpoint=https://h%3Fx=1', /endpoint is malformed/],
  ['s3://data?pathStyle=yes', /pathStyle is malformed/],
  ['s3://data?sse=aes', /sse is malformed/, /AES256 or aws:kms/],
  ['s3://data?kmsKeyId=x', /without sse=aws:kms/],
  ['s3://data?sse=AES256&kmsKeyId=x', /without sse=aws:kms/],
]

const SECRET: string[] = [
  's3://AKIA:hunter2@data/x',
  's3://AKIA:hunter2/more@data/x',
  's3://AKIA:hunter2?more@data',
  's3://hunter2@data',
  's3://AKIA:hunter2',
  's3://data?endpoint=https://AKIA:hunter2@h',
  's3://data?endpoint=https://hunter2@h/',
  's3://data?secretKey=hunter2',
  's3://data?region=hunter2/x',
  's3://data?hunter2',
  's3://data?hunter2=',
  's3://data?secretKey=x&hunter2=x',
]

describe('parseS3Url', () => {
  for (const [url, expected] of GOOD) {
    it(`reads ${url}`, () => assert.deepEqual(parseS3Url(url), { ...PLAIN, ...expected }))
  }

  for (const [url, reason, hint = /s3:|Write|Parameters/] of BAD) {
    it(`refuses ${url.slice(0, 60)}`, () => {
      const { message, hint: given } = refusal(url)
      assert.match(message, /^Cannot open the store "s3:\/\/.*": /)
      assert.match(message, reason)
      assert.match(given ?? '', hint)
    })
  }

  it('never repeats what may be a secret', () => {
    for (const url of SECRET) {
      const { message, hint = '', cause } = refusal(url)
      assert.doesNotMatch(message + hint, /hunter2/, url)
      assert.equal(cause, undefined)
    }
  })
})

function refusal(url: string): AetherError {
  try {
    parseS3Url(url)
  } catch (error) {
    assert.ok(error instanceof AetherError)
    assert.equal(error.code, 'invalid')
    return error
  }
  assert.fail(`It took ${url}`)
}
