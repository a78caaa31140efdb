// The S3 door, asked by the AWS SDK; and by hand for what the SDK does not do.
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import {
  type _Object,
  GetBucketLocationCommand,
  GetObjectCommand,
  type GetObjectCommandInput,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
  type S3ServiceException,
} from '@aws-sdk/client-s3'
import { file, type Tree } from '../../../test/testing/tree.fixture.ts'
import { AetherError } from '../../core/errors.ts'
import { sha256Hex } from '../../core/id.ts'
import { compareBytes } from '../../core/path.ts'
import { openDoors } from '../doors.fixture.ts'

const TREE: Tree = {
  'data.csv': file('id\n1\n'),
  'a/one.txt': file('one'),
  'a/b/two.txt': file('two'),
  'a-b/three.txt': file('three'),
  'a.txt': file('four'),
  a0: file('five'),
  'odd/a b%ü#?&"<i>+;.txt': file('odd'),
  'odd/日本/😀': file('smile'),
  'odd/control\u0001': file('control'),
  'links/file': { kind: 'link', target: '../data.csv' },
  'links/folder': { kind: 'link', target: '../a' },
  'links/loop': { kind: 'link', target: 'loop' },
  'links/out/nowhere': { kind: 'link', target: '../nothing' },
  'nothing/in-here': { kind: 'folder' },
}
const KEYS = [...Object.keys(TREE).filter((path) => TREE[path]!.kind === 'file'), 'links/file']
const TAGS = ['v1', 'v1-rc', 'v1.0', 'v10', 'latest']
const ALL = TAGS.flatMap((tag) => KEYS.map((key) => `${tag}/${key}`)).sort(compareBytes)

const world = await openDoors()
await world.push('geo:v1', TREE)
for (const tag of TAGS.slice(1)) await world.client.tag('geo:v1', `geo:${tag}`)
await world.push('@team/maps:latest', { m: file('maps') })
await world.push('@team/geo--x:latest', { m: file('hidden') })
await world.push('team--geo--x:latest', { m: file('shown') })

function connect(url: string, credentials = { accessKeyId: 'any', secretAccessKey: 'thing' }): S3Client {
  const client = new S3Client({
    endpoint: `${url}/s3`,
    region: 'eu-north-1',
    forcePathStyle: true,
    credentials,
    maxAttempts: 1,
  })
  after(() => client.destroy())
  return client
}

const s3 = connect(world.hub.url)

async function keysOf(input: Partial<ListObjectsV2CommandInput> = {}, client = s3): Promise<string[]> {
  const found: string[] = []
  // Keys of any kind go in XML only when they are encoded.
  for await (const page of paginateListObjectsV2({ client }, { Bucket: 'geo', EncodingType: 'url', ...input })) {
    const keys = [
      ...(page.Contents ?? []).map(({ Key }) => Key!),
      ...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix!),
    ]
    assert.equal(page.KeyCount, keys.length)
    found.push(...keys.map(decodeURIComponent).sort(compareBytes))
  }
  return found
}

async function textOf(Key: string, input: Partial<GetObjectCommandInput> = {}): Promise<string> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'geo', Key, ...input }))
  return Body!.transformToString()
}

async function refuses(sent: Promise<unknown>, name: string, status: number): Promise<void> {
  await assert.rejects(sent, (error: S3ServiceException) => {
    assert.deepEqual([error.name, error.$metadata.httpStatusCode], [name, status])
    return true
  })
}

describe('buckets', () => {
  it('are the datasets', async () => {
    const { Buckets } = await s3.send(new ListBucketsCommand())
    assert.deepEqual(Buckets?.map(({ Name }) => Name).sort(), ['geo', 'team--geo--x', 'team--maps'])
  })

  it('come in pages', async () => {
    const names: string[] = []
    for (let token: string | undefined; ; ) {
      const page = await s3.send(new ListBucketsCommand({ MaxBuckets: 1, ContinuationToken: token }))
      names.push(...(page.Buckets ?? []).map(({ Name }) => Name!))
      token = page.ContinuationToken
      if (token === undefined) break
    }
    assert.deepEqual([...new Set(names)].sort(), ['geo', 'team--geo--x', 'team--maps'])
  })

  it('are there or not, and in no region', async () => {
    await s3.send(new HeadBucketCommand({ Bucket: 'team--maps' }))
    const { LocationConstraint } = await s3.send(new GetBucketLocationCommand({ Bucket: 'geo' }))
    assert.equal(LocationConstraint ?? '', '')
    await refuses(s3.send(new HeadBucketCommand({ Bucket: 'nothing' })), 'NotFound', 404)
    await refuses(s3.send(new ListObjectsV2Command({ Bucket: 'nothing' })), 'NoSuchBucket', 404)
    await refuses(s3.send(new GetObjectCommand({ Bucket: 'nothing', Key: 'v1/a' })), 'NoSuchBucket', 404)
  })

  it('of datasets without a scope win where two have one name', async () => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'team--geo--x', Key: 'latest/m' }))
    assert.equal(await Body?.transformToString(), 'shown')
  })
})

describe('lists of keys', () => {
  it('have all files of all tags in the order of bytes, whatever the size of pages', async () => {
    for (const MaxKeys of [7, 1000]) assert.deepEqual(await keysOf({ MaxKeys }), ALL)
  })

  it('have those with a prefix, also one in the middle of a name', async () => {
    for (const Prefix of ['v1', 'v1/a', 'v1/odd/日', 'x']) {
      const expected = ALL.filter((key) => key.startsWith(Prefix))
      assert.deepEqual(await keysOf({ Prefix, MaxKeys: 6 }), expected, Prefix)
    }
  })

  it('fold folders', async () => {
    assert.deepEqual(await keysOf({ Delimiter: '/' }), TAGS.map((tag) => `${tag}/`).sort(compareBytes))
    const level = ['v1/a-b/', 'v1/a.txt', 'v1/a/', 'v1/a0', 'v1/data.csv', 'v1/links/', 'v1/odd/']
    for (const MaxKeys of [2, 1000]) assert.deepEqual(await keysOf({ Prefix: 'v1/', Delimiter: '/', MaxKeys }), level)
    assert.deepEqual(await keysOf({ Prefix: 'v1/a', Delimiter: '/' }), level.slice(0, 4))
    assert.deepEqual(await keysOf({ Prefix: 'v1/links/', Delimiter: '/' }), ['v1/links/file'])
    assert.deepEqual(await keysOf({ Prefix: 'v1/nothing/', Delimiter: '/' }), [])
  })

  it('go on behind any text', async () => {
    const StartAfter = 'v1/a/b'
    const expected = ALL.filter((key) => compareBytes(key, StartAfter) > 0)
    assert.deepEqual(await keysOf({ StartAfter, MaxKeys: 20 }), expected)
    const level = ['v1/a/', 'v1/a0', 'v1/data.csv', 'v1/links/', 'v1/odd/']
    assert.deepEqual(await keysOf({ StartAfter, Prefix: 'v1/', Delimiter: '/', MaxKeys: 2 }), level)
  })

  it('tell what a file is', async () => {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: 'geo', Prefix: 'v1/data.csv' }))
    const [{ LastModified, ...rest }] = Contents as [_Object]
    const ETag = `"${sha256Hex('id\n1\n')}"`
    assert.deepEqual(rest, { Key: 'v1/data.csv', ETag, Size: 5, StorageClass: 'STANDARD' })
    assert.ok(Math.abs(LastModified!.getTime() - Date.now()) < 60_000)
  })

  it('answer the first version of the request as well', async () => {
    const found: string[] = []
    for (let Marker: string | undefined; ; ) {
      const page = await s3.send(
        new ListObjectsCommand({ Bucket: 'geo', Delimiter: '/', Prefix: 'v1/', MaxKeys: 2, Marker }),
      )
      found.push(
        ...(page.Contents ?? []).map(({ Key }) => Key!),
        ...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix!),
      )
      if (!page.IsTruncated) break
      Marker = page.NextMarker
    }
    assert.deepEqual(found.sort(compareBytes), await keysOf({ Prefix: 'v1/', Delimiter: '/' }))
  })

  it('stay with a snapshot when its tag moves', async () => {
    await world.push('moving:latest', { a: file('1'), b: file('2') })
    const list = (ContinuationToken?: string) =>
      s3.send(new ListObjectsV2Command({ Bucket: 'moving', MaxKeys: 1, ContinuationToken }))
    const first = await list()
    await world.push('moving:other', { c: file('3') })
    await world.client.tag('moving:other', 'moving:latest')
    const second = await list(first.NextContinuationToken)
    assert.deepEqual(
      second.Contents?.map(({ Key }) => Key),
      ['latest/b'],
    )
  })

  it('show a snapshot by its digest when it is asked for', async () => {
    const { digest } = await world.client.resolve('geo:v1')
    const prefix = `by-digest/sha256:${digest}/`
    assert.deepEqual(
      await keysOf({ Prefix: prefix }),
      ALL.filter((key) => key.startsWith('v1/')).map((key) => prefix + key.slice(3)),
    )
    assert.equal(await textOf(`${prefix}data.csv`), 'id\n1\n')
    assert.deepEqual(await keysOf({ Prefix: 'by-digest/' }), [])
  })

  it('refuse what they do not do', async () => {
    const list = (input: object) => s3.send(new ListObjectsV2Command({ Bucket: 'geo', ...input }))
    await refuses(list({ Delimiter: '-' }), 'NotImplemented', 501)
    await refuses(list({ MaxKeys: -1 }), 'InvalidArgument', 400)
    await refuses(list({ ContinuationToken: 'forged' }), 'InvalidArgument', 400)
    const none = await list({ MaxKeys: 0 })
    assert.deepEqual([none.KeyCount, none.IsTruncated], [0, false])
  })
})

describe('objects', () => {
  it('are the files, with their hash for an entity tag', async () => {
    const object = await s3.send(new GetObjectCommand({ Bucket: 'geo', Key: 'v1/data.csv' }))
    assert.equal(await object.Body!.transformToString(), 'id\n1\n')
    assert.deepEqual([object.ContentLength, object.ContentType], [5, 'text/csv; charset=utf-8'])
    assert.equal(object.ETag, `"${sha256Hex('id\n1\n')}"`)
    // The SDK asks for it, and has checked the bytes against it.
    assert.equal(object.ChecksumSHA256, Buffer.from(sha256Hex('id\n1\n'), 'hex').toString('base64'))
    const head = await s3.send(new HeadObjectCommand({ Bucket: 'geo', Key: 'v1/data.csv' }))
    assert.deepEqual([head.ContentLength, head.ETag, head.LastModified], [5, object.ETag, object.LastModified])
  })

  it('have any name, and are reached through links', async () => {
    for (const path of KEYS.slice(0, -1)) {
      const node = TREE[path]!
      assert.equal(await textOf(`v1/${path}`), node.kind === 'file' ? Buffer.from(node.bytes).toString() : '')
    }
    assert.equal(await textOf('v1/links/file'), 'id\n1\n')
    assert.equal(await textOf('v1/links/folder/b/two.txt'), 'two')
  })

  it('come in part, and on conditions', async () => {
    assert.equal(await textOf('v1/data.csv', { Range: 'bytes=1-2' }), 'd\n')
    assert.equal(await textOf('v1/data.csv', { Range: 'bytes=-2' }), '1\n')
    const get = (input: object) => s3.send(new GetObjectCommand({ Bucket: 'geo', Key: 'v1/data.csv', ...input }))
    const etag = `"${sha256Hex('id\n1\n')}"`
    await refuses(get({ Range: 'bytes=5-' }), 'InvalidRange', 416)
    await refuses(get({ IfMatch: '"other"' }), 'PreconditionFailed', 412)
    await assert.rejects(
      get({ IfNoneMatch: etag }),
      (error: S3ServiceException) => error.$metadata.httpStatusCode === 304,
    )
    assert.equal(await textOf('v1/data.csv', { IfMatch: etag }), 'id\n1\n')
  })

  it('are not there: folders, what links nowhere, and what is no path', async () => {
    const keys = [
      'v1',
      'v1/',
      'v1/a',
      'v1/a/',
      'v1/a/one.txt/',
      'v1/links/loop',
      'v1/links/out/nowhere',
      'v1/../v1/a0',
      'v1//a0',
      'v2/a',
      'by-digest',
    ]
    for (const Key of keys) await refuses(s3.send(new GetObjectCommand({ Bucket: 'geo', Key })), 'NoSuchKey', 404)
    await refuses(s3.send(new HeadObjectCommand({ Bucket: 'geo', Key: 'v1/no' })), 'NotFound', 404)
  })

  it('cannot be written', async () => {
    await refuses(s3.send(new PutObjectCommand({ Bucket: 'geo', Key: 'v1/new', Body: 'x' })), 'MethodNotAllowed', 405)
    const { status, text, headers } = await world.ask('/s3/geo/v1/data.csv', { method: 'DELETE' })
    assert.deepEqual([status, headers.allow], [405, 'GET, HEAD'])
    assert.match(
      text,
      /^<\?xml .*\n<Error><Code>MethodNotAllowed<\/Code><Message>.*aetherfs push.*<Resource>\/s3\/geo\/v1\/data.csv<\/Resource><RequestId>/,
    )
  })

  it('refuse what S3 has and this has not', async () => {
    for (const query of ['acl', 'tagging', 'versionId=1', 'partNumber=1', 'torrent'])
      assert.equal((await world.ask(`/s3/geo/v1/data.csv?${query}`)).status, 501, query)
    assert.equal((await world.ask('/s3/geo?versioning')).status, 501)
    assert.equal((await world.ask('/s3/geo/v1/data.csv?x-id=GetObject')).status, 200)
    for (const [path, status] of [
      ['/s3/geo/%zz', 400],
      ['/s3/%ff', 400],
      ['/s3/%2e%2e', 404],
      [`/s3/geo/${'a'.repeat(5000)}`, 400],
    ] as const)
      assert.equal((await world.ask(path)).status, status, path)
  })

  it('are an error, never data, when their bytes are not what they should be', async () => {
    const { trees } = world.hub
    const broken = await openDoors({
      trees: (caller) => ({
        ...trees(caller),
        async *read() {
          yield* [] as Uint8Array[]
          throw new AetherError('integrity', 'The chunk does not match its hash')
        },
      }),
    })
    const sent = connect(broken.hub.url).send(new GetObjectCommand({ Bucket: 'geo', Key: 'v1/data.csv' }))
    await refuses(sent, 'InternalError', 502)
  })
})

describe('with access keys', async () => {
  const caller = { subject: 'user:ann' }
  const seen: string[] = []
  const { trees } = world.hub
  const guarded = await openDoors({
    trees: (who) => {
      seen.push(who.subject)
      return trees(who)
    },
    lookUpCredential: (key) => (key === 'ann' ? { secret: 'secret', caller } : undefined),
  })
  const as = (accessKeyId: string, secretAccessKey: string) =>
    connect(guarded.hub.url, { accessKeyId, secretAccessKey })
  const input = { Bucket: 'geo', Key: 'v1/odd/a b%ü#?&"<i>+;.txt' }

  it('a request is made for whoever has signed it', async () => {
    const { Body } = await as('ann', 'secret').send(new GetObjectCommand(input))
    assert.equal(await Body?.transformToString(), 'odd')
    assert.equal((await keysOf({ Prefix: 'v1/', MaxKeys: 3 }, as('ann', 'secret'))).length, KEYS.length)
    assert.equal(seen.at(-1), 'user:ann')
  })

  it('other secrets and keys are refused', async () => {
    await refuses(as('ann', 'wrong').send(new GetObjectCommand(input)), 'SignatureDoesNotMatch', 403)
    await refuses(as('bob', 'secret').send(new GetObjectCommand(input)), 'InvalidAccessKeyId', 403)
  })

  it('a request that is not signed is nobody’s', async () => {
    assert.equal((await guarded.ask('/s3/geo/v1/data.csv')).status, 200)
    assert.equal(seen.at(-1), 'anonymous')
  })
})
