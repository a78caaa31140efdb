// What S3 answers, as far as the project relies on it: one list of checks for real services and for the in-process S3 of
// the tests, so that the latter stays honest. `aws` is what Amazon's documents say; where another is known to differ, it is
// said how.
import { createHash, randomBytes } from 'node:crypto'
import { type Calls, createCalls, type Page, type Service } from './s3-calls.ts'

export interface Check {
  name: string
  /** Looks at a place in the bucket that is empty at first. */
  look(calls: Calls, service: Service): Promise<unknown>
  aws: unknown
  /** Ceph RGW 16.2, where that is not the same. */
  ceph?: unknown
}

const TEXT = '0123456789'
const ETAG = `"${createHash('md5').update(TEXT).digest('hex')}"`
const KEYS = ['a b', 'a!', 'a-b/x', 'a/b/1', 'a/b/2', 'a/c', 'a0', 'é', '\uFFFD', '\u{1F600}']

export const checks: Check[] = [
  ...checksOfObjects(),
  ...checksOfRanges(),
  ...checksOfConditions(),
  ...checksOfLists(),
  ...checksOfRefusals(),
]

function checksOfObjects(): Check[] {
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

function checksOfConditions(): Check[] {
  const bare = ETAG.replaceAll('"', '')
  return [
    {
      name: 'PUT with If-None-Match: * writes where nothing is',
      async look({ put, get, remove }) {
        const first = [await put('a', 'x', { IfNoneMatch: '*' }), await put('a', 'y', { IfNoneMatch: '*' })]
        return [...first, await remove('a'), await put('a', 'z', { IfNoneMatch: '*' }), await get('a')]
      },
      aws: ['200', '412 PreconditionFailed', '204', '200', '200 z'],
    },
    {
      name: 'PUT with If-Match and the tag in quotes, as it was sent, matches',
      look: async ({ put }) => [await put('a', TEXT), await put('a', TEXT, { IfMatch: ETAG })],
      aws: ['200', '200'],
      ceph: ['200', '412 PreconditionFailed'],
    },
    {
      name: 'PUT with If-Match and the tag without quotes matches',
      look: async ({ put }) => [await put('a', TEXT), await put('a', TEXT, { IfMatch: bare })],
      aws: ['200', '200'],
    },
    {
      name: 'PUT with If-Match and another tag does not match',
      look: async ({ put, get }) => [await put('a', 'x'), await put('a', 'y', { IfMatch: bare }), await get('a')],
      aws: ['200', '412 PreconditionFailed', '200 x'],
    },
    {
      name: 'PUT with If-Match does not match where nothing is',
      look: async ({ put, head }) => [await put('a', 'x', { IfMatch: bare }), await head('a')],
      aws: ['404 NoSuchKey', '404 NotFound'],
      ceph: ['412 PreconditionFailed', '404 NotFound'],
    },
    {
      name: 'DELETE with If-Match and another tag does not match',
      look: async ({ put, remove, get }) => [await put('a', 'x'), await remove('a', { IfMatch: bare }), await get('a')],
      aws: ['200', '412 PreconditionFailed', '200 x'],
      ceph: ['200', '204', '404 NoSuchKey'], // it does not know the condition
    },
    {
      name: 'DELETE with If-Match and the right tag deletes, and is content where nothing is',
      async look({ put, remove, head }) {
        const removed = [await put('a', TEXT), await remove('a', { IfMatch: bare }), await head('a')]
        return [...removed, await remove('a', { IfMatch: bare })]
      },
      aws: ['200', '204', '404 NotFound', '204'],
    },
    {
      name: 'of many who write a new key at once one wins, and his bytes are there',
      look: (calls) => race(calls, { IfNoneMatch: '*' }),
      aws: { winners: 1, isTheirs: true, isRefusal: true },
    },
    {
      name: 'of many who replace one version at once one wins, and his bytes are there',
      look: async (calls) => race(calls, { IfMatch: await matching(calls) }),
      aws: { winners: 1, isTheirs: true, isRefusal: true },
    },
  ]
}

/** The tag of a new object, in the form that the service takes. */
async function matching({ put, tagOf }: Calls): Promise<string> {
  await put('a', 'before')
  const quoted = await tagOf('a')
  return (await put('a', 'before', { IfMatch: quoted })) === '200' ? quoted : quoted.replaceAll('"', '')
}

/** 412; AWS may say 409 when two meet, and Ceph says 500. */
const REFUSALS = /^(?:412 PreconditionFailed|409 ConditionalRequestConflict|500 .*)$/

async function race({ put, get }: Calls, condition: { IfMatch?: string; IfNoneMatch?: string }) {
  const answers = await Promise.all(Array.from({ length: 16 }, (_, n) => put('a', `${n}`, condition)))
  const winner = answers.indexOf('200')
  return {
    winners: answers.filter((answer) => answer === '200').length,
    isTheirs: (await get('a')) === `200 ${winner}`,
    isRefusal: answers.every((answer) => answer === '200' || REFUSALS.test(answer)),
  }
}

function checksOfLists(): Check[] {
  const names = ({ keys, prefixes, truncated }: Page) => [keys, prefixes, truncated]
  const listed = (input: Parameters<Calls['list']>[0]) => async (calls: Calls) => {
    for (const key of KEYS) await calls.put(key, key)
    return names(await calls.list(input))
  }
  const folded = KEYS.filter((key) => !key.includes('/'))
  return [
    {
      name: 'a list is in the order of bytes',
      look: listed({}),
      aws: [KEYS, [], false],
    },
    {
      name: 'a list says tag, size and count, and how many it would have given',
      async look({ put, list }) {
        await put('a', TEXT)
        const { status, count, maxKeys, objects } = await list({ MaxKeys: 5000 })
        return [status, count, maxKeys, objects.map(({ ETag, Size }) => [ETag, Size])]
      },
      aws: ['200', 1, 1000, [[ETAG, 10]]],
    },
    {
      name: 'a list without entries says so',
      async look({ list }) {
        const { objects: _, ...page } = await list({ Prefix: 'none/' })
        return page
      },
      aws: { status: '200', keys: [], prefixes: [], count: 0, truncated: false, token: undefined, maxKeys: 1000 },
    },
    {
      name: 'a list folds what goes on behind the delimiter',
      look: listed({ Delimiter: '/' }),
      aws: [folded, ['a-b/', 'a/'], false],
    },
    {
      name: 'a list begins with a prefix that ends in the middle of a name',
      look: listed({ Prefix: 'a/b', Delimiter: '/' }),
      aws: [[], ['a/b/'], false],
    },
    {
      name: 'a list begins behind a key, whether it is there or not',
      look: listed({ StartAfter: 'a/b/10' }),
      aws: [KEYS.slice(4), [], false],
    },
    {
      name: 'a list that begins within a folded prefix has it once more',
      look: listed({ Delimiter: '/', StartAfter: 'a/b/1' }),
      aws: [folded.slice(2), ['a/'], false],
      ceph: [folded.slice(2), [], false],
    },
    {
      name: 'a list goes on page by page, prefixes and keys counted together',
      async look({ put, list }) {
        for (const key of KEYS) await put(key, key)
        const pages: unknown[] = []
        for (let token: string | undefined, more = true; more; ) {
          const page = await list({ Delimiter: '/', MaxKeys: 3, ContinuationToken: token })
          pages.push([page.keys, page.prefixes, page.count])
          token = page.token
          more = page.truncated === true
        }
        return pages
      },
      aws: [
        [['a b', 'a!'], ['a-b/'], 3],
        [['a0', 'é'], ['a/'], 3],
        [['\uFFFD', '\u{1F600}'], [], 2],
      ],
    },
    {
      name: 'a page that is full and the last is not truncated',
      async look({ put, list }) {
        for (const key of KEYS) await put(key, key)
        const { truncated, token } = await list({ MaxKeys: KEYS.length })
        return [truncated, token]
      },
      aws: [false, undefined],
    },
    {
      name: 'an encoded list has unusual characters come back',
      async look({ put, list }) {
        const keys = ['%2F/+', '100%', 'a&b=c', 'line\nreturn\rtab\t', 'plus+', 'question?']
        for (const key of keys) await put(key, key)
        const { keys: found, prefixes } = await list({ Delimiter: '/', EncodingType: 'url' })
        const decode = (text: string) => decodeURIComponent(text.replaceAll('+', ' ')).replace(/^.*?\/(?=.)/, '')
        return [found.map(decode), prefixes.map(decode)]
      },
      aws: [['100%', 'a&b=c', 'line\nreturn\rtab\t', 'plus+', 'question?'], ['%2F/']],
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
    return createCalls(service, 'refused/', client).put('a', 'x')
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
