// Several hubs over one store, in this process. With real processes, over a folder and over S3: test/faults/several-hubs.heavy.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AetherError, type Client, connect } from '../src/client/index.ts'
import { createMemoryStorage } from '../src/storage/memory.ts'
import type { Storage } from '../src/storage/storage.ts'
import { cli } from './testing/cli.fixture.ts'
import { startHub, type TestHub } from './testing/hub.fixture.ts'
import { meetingStorage } from './testing/meeting-storage.fixture.ts'
import { randomBytesOf } from './testing/random.fixture.ts'
import { type TemporaryFolder, temporaryFolder } from './testing/temporary-folder.fixture.ts'
import { file, type Tree, treeOf, writeTree } from './testing/tree.fixture.ts'
import { wrapStorage } from './testing/wrapped-storage.fixture.ts'

interface HubsWorld extends AsyncDisposable {
  hubs: [TestHub, TestHub]
  /** Both, as --host takes them. */
  host: string
  at: TemporaryFolder['at']
  newClient(host: string): Client
}

async function openHubs(storage: Storage = createMemoryStorage()): Promise<HubsWorld> {
  const opened = new AsyncDisposableStack()
  const folder = opened.use(await temporaryFolder())
  const open = async () => opened.use(await startHub({ storage }))
  const hubs: [TestHub, TestHub] = [await open(), await open()]
  let clients = 0

  function newClient(host: string): Client {
    const client = connect({ host, cacheFolder: folder.at(`cache-${clients++}`) })
    opened.defer(async () => client.close())
    return client
  }

  const host = hubs.map((hub) => hub.host).join(',')
  return { hubs, host, at: folder.at, newClient, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

const tree = (version: string): Tree => ({
  'name.txt': file(version),
  'large.bin': file(randomBytesOf(400_000, version)),
})

describe('two hubs of one store', () => {
  it('let one of two win who race for a tag, and tell the other where it points now', async () => {
    await using world = await openHubs(meetingStorage(createMemoryStorage(), '/tags/live', 2))
    const client = world.newClient(world.hubs[0].host)
    const digests: string[] = []
    for (const name of ['v1', 'v2', 'v3']) {
      await writeTree(world.at(name), tree(name))
      const [pushed] = await client.push(world.at(name), [`geo:${name}`])
      digests.push(`sha256:${pushed!.digest}`)
    }
    await client.tag('geo:v1', 'geo:live')
    const outcomes = await Promise.all(
      ['v2', 'v3'].map((to, i) =>
        cli(['tag', `geo:${to}`, 'geo:live', '--expect', digests[0]!], {
          host: world.hubs[i]!.host,
          home: world.at(`home-${i}`),
        }),
      ),
    )
    assert.deepEqual(outcomes.map(({ exit }) => exit).toSorted(), [0, 6])
    const winner = outcomes.findIndex(({ exit }) => exit === 0)
    const loser = outcomes[1 - winner]!
    assert.match(loser.stderr, new RegExp(`"live" points to ${digests[1 + winner]}`))
    assert.equal(`sha256:${(await client.resolve('geo:live')).digest}`, digests[1 + winner])
  })

  it('let one of two win who push to a tag, and the error says where it points now', async () => {
    await using world = await openHubs(meetingStorage(createMemoryStorage(), '/tags/live', 2))
    await writeTree(world.at('first'), tree('first'))
    await world.newClient(world.hubs[0].host).push(world.at('first'), ['geo:live'])
    const pushes = world.hubs.map(async ({ host }, i) => {
      await writeTree(world.at(`source-${i}`), tree(`source ${i}`))
      return world.newClient(host).push(world.at(`source-${i}`), ['geo:live'])
    })
    const outcomes = await Promise.allSettled(pushes)
    const [won] = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? outcome.value : []))
    const [lost] = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []))
    assert.ok(lost instanceof AetherError)
    assert.deepEqual([lost.code, lost.detail.digest], ['conflict', `sha256:${won!.digest}`])
  })

  it('take the receipts of each other: a push goes on at the one when the other is gone', async () => {
    const uploads = { blocks: 0 }
    await using world = await openHubs(countBlocks(createMemoryStorage(), uploads))
    await writeTree(world.at('source'), tree('v1'))
    let leaving: PromiseLike<void> | undefined
    const [pushed] = await world.newClient(world.host).push(world.at('source'), ['geo:v1'], {
      onProgress({ phase }) {
        if (phase === 'publish') leaving ??= world.hubs[0][Symbol.asyncDispose]()
      },
    })
    await leaving
    assert.deepEqual([uploads.blocks, pushed!.blocks], [1, 1])
    const [pulled] = await world.newClient(world.hubs[1].host).pull(world.at('target'), ['geo:v1'])
    assert.deepEqual(await treeOf(pulled!.path), await treeOf(world.at('source')))
  })

  it('deliver one pull together when one of them goes away in the middle of it', async () => {
    await using world = await openHubs()
    await writeTree(world.at('source'), tree('v1'))
    await world.newClient(world.hubs[1].host).push(world.at('source'), ['geo:v1'])
    let leaving: PromiseLike<void> | undefined
    const [pulled] = await world.newClient(world.host).pull(world.at('target'), ['geo:v1'], {
      onProgress({ phase }) {
        if (phase === 'download') leaving ??= world.hubs[0][Symbol.asyncDispose]()
      },
    })
    await leaving
    assert.deepEqual(await treeOf(pulled!.path), await treeOf(world.at('source')))
  })
})

function countBlocks(storage: Storage, count: { blocks: number }): Storage {
  return wrapStorage(storage, (call, key, perform) => {
    if (call === 'put' && key.startsWith('blocks/')) count.blocks++
    return perform()
  })
}
