// Whole objects, ranges of them, and what is refused.
import { createHash, randomBytes } from 'node:crypto'
import type { Check } from './conformance-checks.ts'
import { createCalls, type Service } from './s3-calls.ts'

const TEXT = '0123456789'
const ETAG = `"${createHash('md5').update(TEXT).digest('hex')}"`

export function checksOfObjects(): Check[] {
  return [...checksOfWholes(), ...checksOfRanges(), ...checksOfRefusals()]
}

function checksOfWholes(): Check[] {
  return [
    {
      name: 'an object has the MD5 of its bytes as its tag, and times in whole seconds',
      look: async ({ put, describe }) => [await put('a', TEXT), await describe('a')],
      aws: ['200', { ETag: ETAG, ContentLength: 10, AcceptRanges: 'bytes', isFresh: true, inSeconds: true }],
    },
    {
      name: 'an object may be empty, and be replaced',
      look: async ({ put, get }) => [await put('a', ''), await get('a'), await put('a', 'x'), await get('a')],
      aws: ['200', '200', '200', '200 x'],
    },
    {
      name: 'what is not there is 404, and can be deleted',
      look: async ({ get, head, remove }) => [await get('a'), await head('a'), await remove('a')],
      aws: ['404 NoSuchKey', '404 NotFound', '204'],
    },
    {
      name: 'a bucket that is not there is called so, where the answer has a body',
      async look({ get, put, head }) {
        const Bucket = `none-${randomBytes(6).toString('hex')}`
        return [await get('a', { Bucket }), await put('a', 'x', { Bucket }), await head('a', { Bucket })]
      },
      aws: ['404 NoSuchBucket', '404 NoSuchBucket', '404 NotFound'],
    },
    {
      name: 'keys have up to 1024 bytes',
      async look({ put }, service) {
        const { put: putAtRoot } = createCalls(service, '')
        return [await put('x'.repeat(900), ''), await putAtRoot(`${'é'.repeat(512)}x`, '')]
      },
      aws: ['200', '400 KeyTooLongError'],
      ceph: ['200', '400 InvalidObjectName'],
    },
  ]
}

function checksOfRanges(): Check[] {
  const look: Check['look'] = async ({ put, get }) => {
    await put('a', TEXT)
    const ranges = ['0-0', '3-6', '7-106', '9-', '2-9007199254740991', '10-10', '1000-1004', '9007199254740991-']
    const answers: string[] = []
    for (const range of ranges) answers.push(await get('a', { Range: `bytes=${range}` }))
    return answers
  }
  const past = '416 InvalidRange'
  return [
    {
      name: 'a range is cut at the end, and one behind the end is refused',
      look,
      aws: [
        '206 bytes 0-0/10 0',
        '206 bytes 3-6/10 3456',
        '206 bytes 7-9/10 789',
        '206 bytes 9-9/10 9',
        '206 bytes 2-9/10 23456789',
        past,
        past,
        past,
      ],
    },
    {
      name: 'an empty object has no range',
      look: async ({ put, get }) => [await put('a', ''), await get('a', { Range: 'bytes=0-0' })],
      aws: ['200', past],
    },
  ]
}

function checksOfRefusals(): Check[] {
  function put(service: Service, config: Parameters<Service['client']>[0], headers = {}): Promise<string> {
    const client = service.client(config)
    const lie = (request: { headers: object }) => Object.assign(request.headers, headers)
    client.middlewareStack.add(
      (next) => (args) => {
        lie(args.request as { headers: object })
        return next(args)
      },
      { step: 'build' },
    )
    return createCalls(service, service.prefix, client).put('a', 'x')
  }

  return [
    {
      name: 'a wrong key or secret and a wrong clock are called so',
      async look(_, service) {
        const { accessKeyId } = await service.client().config.credentials()
        return [
          await put(service, { credentials: { accessKeyId, secretAccessKey: 'wrong' } }),
          await put(service, { credentials: { accessKeyId: 'nobody', secretAccessKey: 'wrong' } }),
          await put(service, { systemClockOffset: 3_600_000 }),
        ]
      },
      aws: ['403 SignatureDoesNotMatch', '403 InvalidAccessKeyId', '403 RequestTimeTooSkewed'],
    },
    {
      name: 'bytes that are not those that were signed are refused',
      look: (_, service) => put(service, {}, { 'x-amz-content-sha256': '0'.repeat(64) }),
      aws: '400 XAmzContentSHA256Mismatch',
    },
    {
      name: 'a wrong MD5 is refused',
      look: ({ put }) => put('a', 'x', { ContentMD5: Buffer.alloc(16).toString('base64') }),
      aws: '400 BadDigest',
    },
    {
      name: 'a wrong SHA-256 is refused',
      look: ({ put }) => put('a', 'x', { ChecksumSHA256: Buffer.alloc(32).toString('base64') }),
      aws: '400 BadDigest',
      ceph: '200', // it does not know this checksum
    },
  ]
}
