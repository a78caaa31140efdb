// Hubs that fail while a client is at work: it goes on at another one, or when the hub is back, and moves again only what
// was under way.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { describe, it } from 'node:test'
import { createTestWorld } from '../src/cli/testing/test-world.fixture.ts'
import { connect } from '../src/client/index.ts'
import { createMemoryStorage } from '../src/storage/memory.ts'
import { codeOf } from './testing/codes.fixture.ts'
import { type FrontOptions, startFront } from './testing/front.fixture.ts'
import { startHub } from './testing/hub.fixture.ts'
import { portOf, startHubProcess } from './testing/hub-process.fixture.ts'
import { randomBytesOf } from './testing/random.fixture.ts'
import { temporaryFolder } from './testing/temporary-folder.fixture.ts'
import { file, treeOf, writeTree } from './testing/tree.fixture.ts'
import { until } from './testing/until.fixture.ts'
import { openWorld } from './testing/world.fixture.ts'

const MB = 1_000_000
const UPLOADS = /^PUT .*\/blocks\//
const PARTS = /^GET .*\/blocks\//
const PUBLISH = /PublishSnapshot$/
/** Longest block: what an upload that breaks off may cost again. */
const BLOCK = 17 * MB

/** Two hubs over one store, each behind a front, and 52 MB that do not compress. */
async function openStage(options: FrontOptions) {
  const opened = new AsyncDisposableStack()
  const folder = opened.use(await temporaryFolder())
  const storage = createMemoryStorage()
  const hubs = [opened.use(await startHub({ storage })), opened.use(await startHub({ storage }))]
  const [first, second] = [
    opened.use(await startFront(hubs[0]!.host, options)),
    opened.use(await startFront(hubs[1]!.host)),
  ]
  await writeTree(folder.at('source'), { 'a.bin': file(randomBytesOf(52 * MB, 'failing hubs')), b: file('b') })
  const warnings: string[] = []
  const client = connect({
    host: `${first.host},${second.host}`,
    cacheFolder: folder.at('cache'),
    onWarning: (text) => void warnings.push(text),
  })
  opened.defer(async () => client.close())
  return { folder, first, second, client, warnings, hub: hubs[0]!, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

describe('two hubs of one store', () => {
  it('one that dies in the middle of a push: the other takes over, with the receipts of the first', async () => {
    await using stage = await openStage({
      losesAnswer(request, front) {
        const dies = UPLOADS.test(request) && front.answered.some((done) => UPLOADS.test(done))
        if (dies) void front.die()
        return dies
      },
    })
    const { client, folder, first, second, warnings } = stage
    const [pushed] = await client.push(folder.at('source'), ['geo:v1', 'geo'])
    assert.equal(pushed!.host, second.host)
    assert.match(warnings[0]!, new RegExp(`${first.host}.*; going on with ${second.host}`))
    const stored = first.answered.filter((request) => UPLOADS.test(request))
    assert.ok(stored.length >= 1, 'the first hub took nothing')
    for (const request of stored) assert.ok(!second.requests.includes(request), 'what was sent is sent again')
    const sent = first.bytesIn(UPLOADS) + second.bytesIn(UPLOADS)
    assert.ok(sent <= pushed!.sentBytes + 3 * BLOCK, `${sent} bytes for ${pushed!.sentBytes}`)
    const [pulled] = await client.pull(folder.at('target'), ['geo:v1'])
    assert.deepEqual(await treeOf(pulled!.path), await treeOf(folder.at('source')))
  })

  it('one that dies in the middle of a pull: the other gives what is missing', async () => {
    let parts = 0
    await using stage = await openStage({
      onRequest(request, front) {
        if (PARTS.test(request) && ++parts === 5) void front.die()
      },
    })
    const { client, folder, first, second } = stage
    await client.push(folder.at('source'), ['geo:v1'])
    const before = first.bytesOut(PARTS)
    parts = 0
    const [pulled] = await client.pull(folder.at('target'), ['geo:v1'])
    assert.deepEqual(await treeOf(pulled!.path), await treeOf(folder.at('source')))
    const came = first.bytesOut(PARTS) - before + second.bytesOut(PARTS)
    assert.ok(second.bytesOut(PARTS) > 10 * MB, 'the second hub had nothing to do')
    // Up to six windows of 4 MiB are under way; of each what had left the first hub may not have arrived.
    assert.ok(came <= pulled!.downloadedBytes + 24 * 1024 * 1024, `${came} bytes for ${pulled!.downloadedBytes}`)
  })
})

describe('a hub that goes away and comes back', () => {
  it('is waited for in the middle of a pull, and the user is told', async () => {
    await using folder = await temporaryFolder()
    await writeTree(folder.at('source'), { a: file(randomBytesOf(6 * MB, 'away')) })
    const options = { store: folder.at('store'), home: folder.path }
    const hub = await startHubProcess(options)
    const env = { HOME: folder.path, AETHERFS_HOST: `${hub.host},127.0.0.1:1` }
    const world = createTestWorld({ env, connect: async (settings) => connect(settings) })
    assert.equal(await world.run('push', folder.at('source'), '-t', 'geo:v1'), 0)
    const pulling = world.run('pull', folder.at('target'), 'geo:v1', '--bwlimit', '3M')
    await until(() => existsSync(folder.at('target/.aetherfs/incoming')), 'the pull to begin')
    await hub.kill()
    await until(() => world.stderr.text().includes('trying again'), 'the pull to notice')
    await using back = await startHubProcess({ ...options, port: portOf(hub) })
    assert.equal(await pulling, 0, world.stderr.text())
    assert.match(world.stderr.text(), /^warning: None of the 2 hubs .* ECONNREFUSED 127.*; trying again$/m)
    assert.ok(world.stdout.text().includes(`${back.host}/geo:v1@sha256:`), world.stdout.text())
    assert.deepEqual(await treeOf(folder.at('target/geo/v1/')), await treeOf(folder.at('source')))
  })

  it('is not waited for when nobody has ever reached it', async () => {
    await using folder = await temporaryFolder()
    const env = { HOME: folder.path, AETHERFS_HOST: '127.0.0.1:1,127.0.0.2:1' }
    const world = createTestWorld({ env, connect: async (settings) => connect(settings) })
    const begun = performance.now()
    assert.equal(await world.run('ls'), 8)
    assert.ok(performance.now() - begun < 5000)
    assert.match(
      world.stderr.text(),
      /^aetherfs: None of the 2 hubs can do this now: Cannot reach the hub 127.0.0.1:1: .*; Cannot reach the hub 127.0.0.2:1: .*\nhint: Is the hub running\?/,
    )
  })
})

describe('an answer that is lost', () => {
  it('of a publish: the push succeeds once, and says what it did', async () => {
    const lost = new Set<string>()
    await using world = await openWorld()
    const losesAnswer = (request: string) => PUBLISH.test(request) && !lost.has(request) && lost.add(request).size > 0
    await using front = await startFront(world.hub.host, { losesAnswer })
    const client = connect({ host: front.host, cacheFolder: world.at('cache') })
    const pushAs = async (name: string) => {
      lost.clear()
      await writeTree(world.at(name), { name: file(name) })
      const [pushed] = await client.push(world.at(name), [`geo:${name}`, 'geo:latest'], { message: name })
      return pushed!
    }
    const one = await pushAs('v1')
    const two = await pushAs('v2')
    assert.equal(front.requests.filter((request) => PUBLISH.test(request)).length, 4)
    assert.deepEqual(
      [one, two].map(({ existed, warnings, tags }) => [existed, warnings, tags.map(({ previous }) => previous)]),
      [
        [false, [], [undefined, undefined]],
        [false, [], [undefined, one.digest]],
      ],
    )
    const log = await Array.fromAsync(client.log('geo:latest'))
    assert.deepEqual(
      log.map(({ from, to }) => [from, to]),
      [
        [one.digest, two.digest],
        [undefined, one.digest],
      ],
    )
    client.close()
  })

  it('of a move: the tag has moved once. Of a rollback or removal: an error, and it is not done again', async () => {
    await using world = await openWorld()
    for (const name of ['v1', 'v2', 'v3']) {
      await writeTree(world.at(name), { name: file(name) })
      await world.client.push(world.at(name), [`geo:${name}`, 'geo:latest'])
    }
    let lost = 0
    await using front = await startFront(world.hub.host, {
      losesAnswer: (request) => /Tag$/.test(request) && lost++ === 0,
    })
    const client = connect({ host: front.host, cacheFolder: world.at('cache') })
    const expected = (await world.client.resolve('geo:v3')).digest
    lost = -1 // the first call looks the tag up
    await client.tag('geo:v1', 'geo:latest', { expected })
    assert.equal((await Array.fromAsync(world.client.log('geo:latest'))).length, 4)
    lost = 0
    assert.equal(await codeOf(client.rollBack('geo:latest')), 'unavailable')
    assert.equal((await world.client.resolve('geo:latest')).digest, expected)
    lost = 0
    assert.equal(await codeOf(client.deleteTag('geo:latest')), 'unavailable')
    assert.equal(await codeOf(world.client.resolve('geo:latest')), 'not-found')
    client.close()
  })

  it('of a move without a condition: it is found done, and not done again when somebody has moved the tag on', async () => {
    await using world = await openWorld()
    const digests: string[] = []
    for (const name of ['v1', 'v2', 'v3']) {
      await writeTree(world.at(name), { name: file(name) })
      digests.push((await world.client.push(world.at(name), [`geo:${name}`, 'geo:latest']))[0]!.digest)
    }
    const [v1, v2, v3] = digests
    let meanwhile: { at: RegExp; lost: boolean; to?: string } | undefined
    await using front = await startFront(world.hub.host, {
      async losesAnswer(request) {
        if (!meanwhile?.at.test(request)) return false
        const { to, lost } = meanwhile
        meanwhile = undefined
        if (to !== undefined) await world.client.tag(to, 'geo:latest')
        return lost
      },
    })
    const client = connect({ host: front.host, cacheFolder: world.at('cache') })
    const moves = async () => (await Array.fromAsync(world.client.log('geo:latest'))).map(({ to }) => to)

    meanwhile = { at: /MoveTag$/, lost: true }
    const moved = await client.tag('geo:v1', 'geo:latest')
    assert.deepEqual([moved.previous, moved.tag.digest], [v3, v1])
    assert.deepEqual(await moves(), [v1, v3, v2, v1])

    meanwhile = { at: /MoveTag$/, lost: true, to: 'geo:v3' }
    assert.equal(await codeOf(client.tag('geo:v2', 'geo:latest')), 'conflict')
    assert.deepEqual((await moves()).slice(0, 2), [v3, v2])

    meanwhile = { at: /GetTag$/, lost: false, to: 'geo:v1' } // the look at where the tag is
    const after = await client.tag(`geo@sha256:${v2}`, 'geo:latest')
    assert.deepEqual([after.previous, after.tag.digest], [v1, v2])
    client.close()
  })
})
