// Real hubs, each a process of its own, over one store in a real S3.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AetherError, type Client, connect } from '../../src/client/index.ts'
import { formatDigest } from '../../src/core/id.ts'
import { openStorage } from '../../src/storage/open-storage.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { times } from '../../src/storage/suite-kit.fixture.ts'
import { type HubProcess, startHubProcess } from '../testing/hub-process.fixture.ts'
import { type Program, startProgram } from '../testing/program.fixture.ts'
import { createRandom, randomBytesOf } from '../testing/random.fixture.ts'
import { checkTagsComplete } from '../testing/stored.fixture.ts'
import { type TemporaryFolder, temporaryFolder } from '../testing/temporary-folder.fixture.ts'
import { digestByScript, file, type Tree, treeOf, updateTree, writeTree } from '../testing/tree.fixture.ts'
import { until } from '../testing/until.fixture.ts'
import { awsEnvironment, newStoreUrl, openBucket } from './test-bucket.ts'

interface World extends AsyncDisposable {
  hubs: [HubProcess, HubProcess]
  storage: Storage
  at: TemporaryFolder['at']
  /** Begins `aetherfs <args>` for the two hubs, the first one first. */
  start(...args: string[]): Program
  /** Runs it to a good end, and answers the one result. */
  succeeds<T>(...args: string[]): Promise<T>
  /** Of another user, with nothing in its cache. */
  newClient(hub: HubProcess): Client
}

async function openWorld(): Promise<World> {
  await using opening = new AsyncDisposableStack()
  const folder = opening.use(await temporaryFolder())
  const url = newStoreUrl(openBucket())
  const storage = opening.adopt(await openStorage(url), (store) => store.close())
  const startHub = async () =>
    opening.use(await startHubProcess({ store: url, home: folder.path, env: awsEnvironment() }))
  const hubs: World['hubs'] = [await startHub(), await startHub()]
  const env = { AETHERFS_HOST: hubs.map(({ host }) => host).join() }
  const start = (...args: string[]) => startProgram(args, { home: folder.path, env })

  async function succeeds<T>(...args: string[]): Promise<T> {
    const { exit, stdout, stderr } = await start(...args, '--json').outcome
    assert.equal(exit, 0, `${args.join(' ')}: ${stderr}`)
    return (JSON.parse(stdout) as { results: T[] }).results[0]!
  }

  function newClient({ host }: HubProcess): Client {
    const client = connect({ host, cacheFolder: folder.at(`cache-${clients++}`) })
    opened.defer(async () => client.close())
    return client
  }

  let clients = 0
  const opened = opening.move()
  const end = () => opened.disposeAsync()
  return { hubs, storage, at: folder.at, start, succeeds, newClient, [Symbol.asyncDispose]: end }
}

interface Pushed {
  digest: string
  sentBytes: number
}

interface Pulled {
  digest: string
  downloadedBytes: number
}

const MB = 1_000_000
const ROUNDS = 4
const random = createRandom()
console.log(`seed ${random.seed}`)

function someTree(): Tree {
  const small = times(100, (n) => [`small/${n}.txt`, file(`that is ${n}\n`)] as const)
  return {
    'large.bin': file(randomBytesOf(40 * MB, random.seed)),
    empty: { kind: 'folder' },
    ...Object.fromEntries(small),
  }
}

describe('hubs over a real S3', () => {
  it('take in a version, an update and a rollback, and give them out again, also when one of them dies', async () => {
    await using world = await openWorld()
    const { at, succeeds, storage, hubs } = world
    const [source, target] = [at('source'), at('target')]
    const first = someTree()
    await writeTree(source, first)
    const v1 = await succeeds<Pushed>('push', source, '-t', 'geo:v1', '-t', 'geo:latest')
    assert.equal(v1.digest, `sha256:${await digestByScript(source)}`)
    await succeeds('pull', target, 'geo:latest')
    assert.deepEqual(await treeOf(at('target', 'geo', 'latest')), await treeOf(source))

    await hubs[0].kill()
    await updateTree(source, first, { ...first, 'small/7.txt': file('it was changed') })
    const v2 = await succeeds<Pushed>('push', source, '-t', 'geo:v2', '-t', 'geo:latest')
    assert.ok(v2.sentBytes < MB, `${v2.sentBytes} bytes were sent for one small file`)
    const pulled = await succeeds<Pulled>('pull', target, 'geo:latest')
    assert.equal(pulled.digest, v2.digest)
    assert.ok(pulled.downloadedBytes < MB, `${pulled.downloadedBytes} bytes were fetched for one small file`)
    assert.deepEqual(await treeOf(at('target', 'geo', 'latest')), await treeOf(source))

    assert.equal((await world.start('rollback', 'geo:latest').outcome).exit, 0)
    assert.equal((await succeeds<Pulled>('pull', target, 'geo:latest')).digest, v1.digest)
    assert.equal((await world.start('verify', target).outcome).exit, 0)
    await checkTagsComplete(storage)
  })

  it('let a push that one of them began be ended by the other', async () => {
    await using world = await openWorld()
    const { at, storage, hubs } = world
    await writeTree(at('source'), someTree())
    const push = world.start('push', at('source'), '-t', 'geo:v1')
    const isUnderWay = async () => (await storage.list({ prefix: 'blocks/', limit: 1 })).objects.length > 0
    await until(isUnderWay, 'the first block')
    await hubs[0].kill()
    const { exit, stderr } = await push.outcome
    assert.equal(exit, 0, stderr)
    await checkTagsComplete(storage)
    await world.succeeds('pull', at('target'), 'geo:v1')
    assert.deepEqual(await treeOf(at('target', 'geo', 'v1')), await treeOf(at('source')))
  })

  it('agree on who was first to write a version, and tell the other where it points', async () => {
    await using world = await openWorld()
    for (const round of times(ROUNDS, (n) => n)) {
      const ended = await pushAtOnce(world, `race:v${round}.0.0`, `round ${round}`)
      const won = ended.filter(({ error }) => error === undefined)
      assert.equal(won.length, 1, ended.map(({ error }) => error?.message).join())
      for (const { error } of ended) {
        if (error) assert.deepEqual([error.code, error.detail.digest], ['conflict', formatDigest(won[0]!.digest!)])
      }
    }
    await checkTagsComplete(world.storage)
  })

  it('move a channel for one at a time, and log each move once', async () => {
    await using world = await openWorld()
    const won: string[] = []
    for (const round of times(ROUNDS, (n) => n)) {
      const ended = await pushAtOnce(world, 'race:latest', `round ${round}`)
      const codes = ended.flatMap(({ error }) => error?.code ?? [])
      assert.ok(codes.length < ended.length && codes.every((code) => code === 'conflict'), codes.join())
      won.push(...ended.flatMap(({ error, message }) => (error ? [] : message)))
    }
    const log = await Array.fromAsync(world.newClient(world.hubs[1]).log('race:latest'))
    assert.deepEqual(log.map(({ reason }) => reason).sort(), won.sort())
    for (const [at, { from }] of log.entries()) assert.equal(from, log[at + 1]?.to)
  })
})

/** Four clients push different bytes under one tag, each to one of the two hubs. */
async function pushAtOnce(world: World, reference: string, what: string) {
  const pushers = times(4, (n) => ({ client: world.newClient(world.hubs[n % 2]!), message: `${what}, pusher ${n}` }))
  for (const { message } of pushers) await writeTree(world.at(message), { 'a.txt': file(message) })
  return Promise.all(
    pushers.map(async ({ client, message }) => {
      try {
        const [pushed] = await client.push(world.at(message), [reference], { message })
        return { message, digest: pushed!.digest }
      } catch (error) {
        if (!(error instanceof AetherError)) throw error
        return { message, error }
      }
    }),
  )
}
