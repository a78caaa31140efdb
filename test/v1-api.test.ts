// The API of version 1 from end to end: pushes become ordinary datasets, and ordinary datasets are read in equal cuts.
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { Code, ConnectError } from '@connectrpc/connect'
import { sampleBytes, sampleText } from '../src/core/sample.fixture.ts'
import type { Dataset } from '../src/gen/aetherfs/dataset/v1/dataset_api_pb.ts'
import { file, type Tree, treeOf, writeTree } from './testing/tree.fixture.ts'
import { openV1, signatureOf, type V1Client } from './testing/v1-client.fixture.ts'
import { openWorld, type TestWorld, type WorldOptions } from './testing/world.fixture.ts'

const KiB = 1024
/** In the order of a walk, which is not that of bytes: "a/b" comes before "a.txt". */
const FILES: Record<string, Buffer> = {
  'a/b.bin': sampleBytes(700 * KiB, 'b'),
  'a/empty': Buffer.alloc(0),
  'a.txt': sampleText(300 * KiB, 'a'),
  'z/ü.csv': sampleText(90 * KiB, 'z'),
}
const LATEST = { name: 'geo', version: 'latest' }

async function opened(options: WorldOptions = {}): Promise<TestWorld & { v1: V1Client }> {
  const world = await openWorld(options)
  return Object.assign(world, { v1: openV1(world.hub.url) })
}

async function codeOf(promise: Promise<unknown>): Promise<Code | 'no error'> {
  return promise.then(
    () => 'no error' as const,
    (error: unknown) => ConnectError.from(error).code,
  )
}

function treeOfFiles(files: Record<string, Buffer>): Tree {
  return Object.fromEntries(Object.entries(files).map(([path, bytes]) => [path, file(bytes)]))
}

const shared = await opened({ limits: { tagInterval: 10 } })
after(() => shared[Symbol.asyncDispose]())
let scenes = 0

/** The shared hub, with the name of a dataset and a folder that no other test has. */
function scene() {
  const name = `geo-${scenes++}`
  const tag = (version: string) => ({ name, version })
  return { ...shared, name, tag, latest: tag('latest'), folder: shared.at(name) }
}

describe('a push of a v1 client', () => {
  it('is an ordinary dataset: pulled bit for bit, and made of the chunks that any push makes', async () => {
    const world = scene()
    await world.v1.push(FILES, [world.latest, world.tag('v1')], 256 * KiB)
    const [pulled] = await world.client.pull(`${world.folder}-target`, [`${world.name}:v1`])
    await writeTree(world.folder, treeOfFiles(FILES))
    assert.deepEqual(await treeOf(pulled!.path), await treeOf(world.folder))

    const [pushed] = await world.newClient().push(world.folder, [`${world.name}:v2`, `${world.name}:latest`])
    assert.deepEqual([pushed!.existed, pushed!.newBytes, pushed!.blocks], [true, 0, 0])
  })

  it('is read back by v1 clients, in blocks of the same size', async () => {
    const world = scene()
    await world.v1.push(FILES, [world.latest], 100_000)
    const { dataset } = await world.v1.datasets.lookup({ tag: world.latest })
    assert.equal(dataset!.blockSize, 100_000)
    assert.deepEqual(
      dataset!.files.map(({ name, lastModified }) => [name, lastModified?.seconds, lastModified?.nanos]),
      [
        ['a.txt', 1_700_000_002n, 5000],
        ['a/b.bin', 1_700_000_000n, 5000],
        ['a/empty', 1_700_000_001n, 5000],
        ['z/ü.csv', 1_700_000_003n, 5000],
      ],
    )
    const pulled = await world.v1.pull(world.latest)
    for (const [path, bytes] of Object.entries(FILES)) assert.ok(pulled.get(path)!.equals(bytes), path)
  })

  it('stores only what the tag did not have', async () => {
    const world = scene()
    await writeTree(world.folder, treeOfFiles(FILES))
    await world.client.push(world.folder, [`${world.name}:latest`])
    const before = await blocksOf(world)
    await world.v1.push({ ...FILES, 'new.bin': sampleBytes(200 * KiB, 'new') }, [world.latest], 300 * KiB)
    const fresh = (await blocksOf(world)).filter(({ key }) => !before.some((block) => block.key === key))
    assert.equal(fresh.length, 1)
    assert.ok(fresh[0]!.size < 230 * KiB, `${fresh[0]!.size} bytes are new`)
  })

  it('skips blocks that are there, and may name those of a dataset that it has looked up', async () => {
    const world = scene()
    const files = { ...FILES, 'a/b.bin': sampleBytes(700 * KiB, 'c'), 'a.txt': sampleBytes(500 * KiB, 'd') }
    const first = await world.v1.push(files, [world.latest], 256 * KiB)
    const again = await world.v1.push(files, [{ name: '@team/geo', version: 'v1' }], 256 * KiB)
    assert.deepEqual([first.skipped, again.skipped], [0, first.signatures.length])
    assert.equal(await codeOf(world.v1.upload(files['a/b.bin'].subarray(0, 256 * KiB))), Code.AlreadyExists)

    const { dataset } = await world.v1.datasets.lookup({ tag: { name: '@team/geo', version: 'v1' } })
    await world.v1.datasets.publish({ dataset, tags: [{ name: 'copy', version: 'v1' }] })
    const tags = await Promise.all(['copy:v1', `${world.name}:latest`].map((name) => world.client.resolve(name)))
    assert.equal(tags[0]!.digest, tags[1]!.digest)
  })

  it('takes a dataset without bytes', async () => {
    const world = scene()
    await world.v1.push({ empty: '' }, [world.latest])
    assert.deepEqual([...(await world.v1.pull(world.latest))], [['empty', Buffer.alloc(0)]])
  })

  it('writes versions once', async () => {
    const world = scene()
    const v1 = world.tag('v1')
    await world.v1.push({ a: 'one' }, [v1])
    await world.v1.push({ a: 'one' }, [v1])
    assert.equal(await codeOf(world.v1.push({ a: 'two' }, [v1])), Code.AlreadyExists)
    assert.equal((await world.v1.pull(v1)).get('a')!.toString(), 'one')
  })
})

async function blocksOf({ hub }: Pick<TestWorld, 'hub'>) {
  return (await hub.storage.list({ prefix: 'blocks/' })).objects
}

describe('a dataset of version 2', () => {
  it('is seen in cuts of 64 MiB, any range of which can be read', async () => {
    const world = scene()
    const tree = {
      ...treeOfFiles(FILES),
      folder: { kind: 'folder' as const },
      link: { kind: 'link' as const, target: 'a.txt' },
    }
    await writeTree(world.folder, tree)
    await world.client.push(world.folder, [`@team/${world.name}:latest`])
    const tag = { name: `@team/${world.name}`, version: 'latest' }
    const { dataset } = await world.v1.datasets.lookup({ tag })
    const { blockSize, blocks, files } = dataset!
    assert.deepEqual([blockSize, blocks.length, files.length], [64 * KiB * KiB, 1, 4])
    const content = Buffer.concat(['a.txt', 'a/b.bin', 'z/ü.csv'].map((path) => FILES[path]!))
    const [block = ''] = blocks
    assert.ok(block.length < 100, block)
    for (const [offset, size] of [
      [0, 0],
      [0, 1],
      [5, 300 * KiB],
      [content.length - 1, 0],
      [content.length, 0],
      [1000, 10 * content.length],
    ] as const) {
      const wanted = content.subarray(offset, size === 0 ? undefined : offset + size)
      assert.ok((await world.v1.read(block, offset, size)).equals(wanted), `${offset} ${size}`)
    }
    await world.v1.blocks.lookup({ signature: block })
    const parts: number[] = []
    for await (const { part } of world.v1.blocks.download({ signature: block })) parts.push(part.length)
    assert.ok(parts.every((length) => length > 0 && length <= 64 * KiB))
  })
})

describe('what v1 clients should not do', () => {
  it('is refused before anything is published', async () => {
    await using world = await opened()
    const { datasets, upload } = world.v1
    const block = await upload(Buffer.from('hello world'))
    const good = { files: [{ name: 'a', size: 11n }], blockSize: 100, blocks: [block] }
    const publish = (change: object, tags = [LATEST]) =>
      codeOf(datasets.publish({ dataset: { ...good, ...change }, tags }))
    const files = (...names: string[]) => ({ files: names.map((name, i) => ({ name, size: i === 0 ? 11n : 0n })) })

    for (const name of ['../a', 'a/../b', '/etc/passwd', '', 'a//b', './a', 'a\0b', 'x'.repeat(300)])
      assert.equal(await publish(files(name)), Code.InvalidArgument, JSON.stringify(name))
    assert.equal(await publish(files('a', 'a')), Code.InvalidArgument)
    assert.equal(await publish(files('a', 'a/b')), Code.InvalidArgument)
    assert.equal(await publish({ files: [{ name: 'a', size: 12n }] }), Code.InvalidArgument)
    assert.equal(await publish({ files: [{ name: 'a', size: -1n }] }), Code.InvalidArgument)
    assert.equal(await publish({ files: [{ name: 'a', size: 2n ** 62n }] }), Code.InvalidArgument)
    assert.equal(await publish({ blockSize: 0 }), Code.InvalidArgument)
    assert.equal(await publish({ blockSize: -5 }), Code.InvalidArgument)
    assert.equal(await publish({ blockSize: 5 }), Code.InvalidArgument)
    assert.equal(await publish({ blocks: [] }), Code.InvalidArgument)
    assert.equal(await publish({ blocks: [signatureOf(Buffer.from('else'))] }), Code.NotFound)
    assert.equal(await publish({ blocks: ['no such name'] }), Code.NotFound)
    assert.equal(await publish({}, []), Code.InvalidArgument)
    assert.equal(await publish({}, [{ name: 'Geo', version: 'v1' }]), Code.InvalidArgument)
    assert.equal(await publish({}, [{ name: 'geo', version: '' }]), Code.InvalidArgument)
    assert.equal(await codeOf(datasets.publish({ tags: [LATEST] })), Code.InvalidArgument)
    assert.equal(await codeOf(datasets.lookup({ tag: LATEST })), Code.NotFound)
    assert.deepEqual((await world.hub.storage.list({ prefix: 'datasets/' })).objects, [])
    assert.equal(await publish({}), 'no error')
  })

  it('is refused of uploads that are not as announced', async () => {
    await using world = await opened()
    const { upload, blocks } = world.v1
    const bytes = sampleBytes(100_000, 'x')
    const [right, size] = [signatureOf(bytes), String(bytes.length)]
    const wrong = signatureOf(Buffer.from('y'))
    for (const metadata of [
      { 'X-AFS-Block-Signature': wrong, 'X-AFS-Block-Size': size },
      { 'X-AFS-Block-Signature': right, 'X-AFS-Block-Size': '99999' },
      { 'X-AFS-Block-Signature': right, 'X-AFS-Block-Size': '100001' },
      { 'X-AFS-Block-Signature': right, 'X-AFS-Block-Size': '-1' },
      { 'X-AFS-Block-Signature': '../../access/receipt-key', 'X-AFS-Block-Size': size },
    ])
      assert.equal(await codeOf(upload(bytes, metadata)), Code.InvalidArgument, JSON.stringify(metadata))
    assert.equal(await codeOf(upload(bytes, { 'X-AFS-Block-Size': String(2 ** 40) })), Code.ResourceExhausted)
    assert.equal(await codeOf(upload(Buffer.alloc(0), {})), Code.InvalidArgument)
    assert.equal(await codeOf(blocks.lookup({ signature: right })), Code.NotFound)
    assert.deepEqual((await world.hub.storage.list({ prefix: 'staging/' })).objects, [])
    assert.equal(await upload(bytes, {}), right)
  })

  it('is refused of names and ranges of blocks', async () => {
    const world = scene()
    await world.v1.push({ a: sampleBytes(50_000, 'a') }, [world.latest])
    const { dataset } = await world.v1.datasets.lookup({ tag: world.latest })
    const [name = ''] = dataset!.blocks
    const other = name.endsWith('A') ? 'B' : 'A'
    const forged = [
      `${name.slice(0, -1)}${other}`,
      `${name}A`,
      name.slice(0, -2),
      'v2.',
      `v2.${'A'.repeat(80)}`,
      'x'.repeat(9000),
      '',
    ]
    for (const signature of forged) assert.equal(await codeOf(world.v1.read(signature)), Code.NotFound, signature)
    for (const [offset, size] of [
      [-1, 1],
      [0, -1],
      [50_001, 0],
    ] as const)
      assert.equal(await codeOf(world.v1.read(name, offset, size)), Code.InvalidArgument)
  })
})

describe('a subscription of a v1 client', () => {
  const moved = (name: string, version = 'latest'): { tag: typeof LATEST } => ({ tag: { name, version } })

  it('tells what a tag points to at once, and then each time it moves', { timeout: 20_000 }, async () => {
    const world = scene()
    const { name, latest } = world
    const other = `${name}-other`
    await world.v1.push({ a: 'one' }, [latest])
    const requests = queue<{ tag: typeof LATEST; cancel?: boolean }>()
    requests.push(moved(name))
    requests.push(moved(other))
    const answers = world.v1.datasets.subscribe(requests.items())[Symbol.asyncIterator]()
    const next = async () => {
      const { tag, dataset } = (await answers.next()).value!
      return [tag!.name, namesOf(dataset)]
    }
    assert.deepEqual(await next(), [name, 'a'])
    await world.v1.push({ b: 'two' }, [latest])
    assert.deepEqual(await next(), [name, 'b'])
    requests.push({ ...moved(name), cancel: true })
    await world.v1.push({ c: 'three' }, [{ name: other, version: 'latest' }])
    assert.deepEqual(await next(), [other, 'c'])
    requests.push(moved(name)) // once more from the start
    assert.deepEqual(await next(), [name, 'b'])
    requests.push({ ...moved(name), cancel: true })
    requests.push({ ...moved(other), cancel: true })
    requests.end()
    assert.equal((await answers.next()).done, true)
  })

  it('is bounded, and ends with what is wrong in it', async () => {
    const world = scene()
    const subscribe = async (tags: object[]) => {
      const requests = queue<object>()
      for (const tag of tags) requests.push({ tag })
      return codeOf(Array.fromAsync(world.v1.datasets.subscribe(requests.items())))
    }
    assert.equal(await subscribe([{ name: 'Geo', version: 'latest' }]), Code.InvalidArgument)
    const many = Array.from({ length: 65 }, (_, i) => ({ name: 'geo', version: `t${i}` }))
    assert.equal(await subscribe(many), Code.ResourceExhausted)
  })

  it('does not hold up a hub that ends', { timeout: 20_000 }, async () => {
    await using world = await opened({ limits: { tagInterval: 60_000, lingerTimeout: 50 } })
    await world.v1.push({ a: 'one' }, [LATEST])
    const requests = queue<object>()
    requests.push(moved('geo'))
    const answers = world.v1.datasets.subscribe(requests.items())[Symbol.asyncIterator]()
    await answers.next()
    const ended = answers.next()
    await world.hub.drain(10_000)
    assert.equal((await ended).done, true)
  })
})

function namesOf(dataset: Dataset | undefined): string {
  return dataset!.files.map(({ name }) => name).join()
}

/** Items that are pushed one after the other. */
function queue<T>() {
  const waiting: T[] = []
  let more = Promise.withResolvers<void>()
  let ended = false
  const wake = () => {
    more.resolve()
    more = Promise.withResolvers()
  }
  return {
    push: (item: T) => {
      waiting.push(item)
      wake()
    },
    end: () => {
      ended = true
      wake()
    },
    async *items(): AsyncGenerator<T> {
      for (;;) {
        if (waiting.length > 0) yield waiting.shift()!
        else if (ended) return
        else await more.promise
      }
    },
  }
}

describe('v1 over REST', () => {
  it('pushes, lists, looks up and reads', async () => {
    const world = scene()
    const { url } = world.hub
    const ask = async (path: string, init: RequestInit = {}) => {
      const response = await fetch(url + path, init)
      return { status: response.status, body: (await response.json()) as Record<string, unknown> }
    }
    const post = (path: string, body: string | Uint8Array<ArrayBuffer>, type = 'application/json') =>
      ask(path, { method: 'POST', body, headers: { 'content-type': type } })

    const [one, two] = [sampleBytes(100_000, '1'), sampleBytes(50_000, '2')]
    const raw = await post('/api/v1/blocks', new Uint8Array(one), 'application/octet-stream')
    assert.deepEqual(raw, { status: 200, body: { signature: signatureOf(one) } })
    const lines = [two.subarray(0, 20_000), two.subarray(20_000)].map((part) =>
      JSON.stringify({ part: part.toString('base64') }),
    )
    const streamed = await post('/api/v1/blocks', `${lines.join('\n')}\n`)
    assert.deepEqual(streamed, { status: 200, body: { signature: signatureOf(two) } })
    assert.equal((await post('/api/v1/blocks', new Uint8Array(one), 'application/octet-stream')).status, 409)
    assert.equal((await post('/api/v1/blocks', 'not JSON')).status, 400)
    assert.equal((await post('/api/v1/blocks', 'text', 'text/plain')).status, 415)

    const dataset = {
      files: [{ name: 'x/y', size: '150000', lastModified: '2026-11-22T10:00:00.000005Z' }],
      blockSize: 100_000,
      blocks: [signatureOf(one), signatureOf(two)],
    }
    const tags = [{ name: '@rest/geo', version: 'v1' }]
    assert.deepEqual(await post('/api/v1/datasets', JSON.stringify({ dataset, tags })), { status: 200, body: {} })

    assert.deepEqual((await ask('/api/v1/datasets?page_size=1&pageToken=%40rest%2Fa')).body, {
      datasets: [{ name: '@rest/geo', version: '' }],
      nextPageToken: '@rest/geo',
    })
    assert.deepEqual((await ask('/api/v1/datasets/@rest/geo/tags')).body, { tags, nextPageToken: '' })
    const found = await ask('/api/v1/datasets/@rest%2Fgeo/tags/v1')
    const { blocks, ...rest } = found.body.dataset as { blocks: string[] }
    assert.deepEqual(rest, { files: dataset.files, blockSize: 100_000 })
    const block = await fetch(`${url}/api/v1/blocks/${blocks[1]}?offset=10&size=100`)
    assert.deepEqual(Buffer.from(await block.arrayBuffer()), two.subarray(10, 110))
    const head = await fetch(`${url}/api/v1/blocks/${blocks[1]}`, { method: 'HEAD' })
    assert.deepEqual([head.status, head.headers.get('content-length')], [200, '50000'])
    assert.equal((await fetch(`${url}/api/v1/blocks/nope`, { method: 'HEAD' })).status, 404)
    assert.equal((await ask(`/api/v1/blocks/${blocks[1]}?offset=-1`)).status, 400)
    assert.equal((await ask('/api/v1/datasets/@rest/geo/tags/v9')).status, 404)
    const agent = await post('/api/v1/agent/publish', '{}')
    assert.equal(agent.status, 501)
  })
})

describe('lists of v1', () => {
  it('come in pages', async () => {
    const { v1 } = scene()
    const tags = ['a', 'b', 'c'].flatMap((name) => ['v1', 'v2'].map((version) => ({ name: `@0/${name}`, version })))
    await v1.push({ a: 'one' }, tags)
    const names = async (request: object) => (await v1.datasets.list(request)).datasets.map(({ name }) => name)
    assert.deepEqual(await names({ pageSize: 2 }), ['@0/a', '@0/b'])
    const { nextPageToken } = await v1.datasets.list({ pageSize: 2 })
    assert.deepEqual(await names({ pageSize: 1, pageToken: nextPageToken }), ['@0/c'])
    assert.deepEqual((await names({ pageSize: 1_000_000 })).slice(0, 3), ['@0/a', '@0/b', '@0/c'])
    const first = await v1.datasets.listTags({ name: '@0/c', pageSize: 1 })
    assert.deepEqual([first.tags[0]!.version, first.nextPageToken], ['v1', 'v1'])
    assert.equal(await codeOf(v1.datasets.list({ pageSize: -1 })), Code.InvalidArgument)
  })
})
