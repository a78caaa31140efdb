// Full disks: of the hub, of who pulls, and of the cache of who pushes. Nothing is lost, nothing is half there, and the same
// command completes once there is room.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { describe, it } from 'node:test'
import { connect } from '../../src/client/index.ts'
import { createFolderStorage } from '../../src/storage/folder.ts'
import { cli } from '../testing/cli.fixture.ts'
import { openCliWorld } from '../testing/cli-world.fixture.ts'
import { fails } from '../testing/codes.fixture.ts'
import { startHub } from '../testing/hub.fixture.ts'
import { startHubProcess } from '../testing/hub-process.fixture.ts'
import { runProgram } from '../testing/program.fixture.ts'
import { randomBytesOf } from '../testing/random.fixture.ts'
import { mountSmallDisk, noSmallDisk } from '../testing/small-disk.fixture.ts'
import { checkTagsComplete, storedTags } from '../testing/stored.fixture.ts'
import { temporaryFolder } from '../testing/temporary-folder.fixture.ts'
import { file, type Tree, treeOf, writeTree } from '../testing/tree.fixture.ts'
import { openWorld } from '../testing/world.fixture.ts'

const MB = 1_000_000
const SMALL: Tree = { 'a.txt': file('one') }
const LARGE: Tree = { 'a.txt': file('two'), 'large.bin': file(randomBytesOf(12 * MB, 'large')) }
const FULL = /^aetherfs: .*[Tt]he disk is full.*\nhint: Free some space/
const HUB_FULL = /^aetherfs: The hub has no space left\nhint: Ask the operator of the hub to free some space/

const skip = noSmallDisk() ?? false

describe('a full disk', { skip }, () => {
  it('of the hub: the push ends with 1, no tag moves, and it completes when there is room', async () => {
    await using folder = await temporaryFolder()
    using disk = mountSmallDisk(folder.at('disk'), 8)
    await writeTree(folder.at('small'), SMALL)
    await writeTree(folder.at('large'), LARGE)
    const storage = await createFolderStorage(`${disk.path}/store`)
    await using hub = await startHub({ storage })
    const run = (...argv: string[]) => cli(argv, { host: hub.host, home: folder.path })
    assert.equal((await run('push', folder.at('small'), '-t', 'geo')).exit, 0)
    const failed = await run('push', folder.at('large'), '-t', 'geo')
    assert.deepEqual([failed.exit, failed.stdout], [1, ''])
    assert.match(failed.stderr, HUB_FULL)
    await checkTagsComplete(storage)
    assert.equal((await run('pull', folder.at('target'), 'geo')).exit, 0)
    assert.deepEqual(await treeOf(folder.at('target/geo/latest/')), await treeOf(folder.at('small')))
    disk.resize(64)
    assert.equal((await run('push', folder.at('large'), '-t', 'geo')).exit, 0)
    assert.equal((await run('pull', folder.at('target'), 'geo')).exit, 0)
    assert.deepEqual(await treeOf(folder.at('target/geo/latest/')), await treeOf(folder.at('large')))
  })

  it('of who pulls, seen before anything is fetched', async () => {
    await using world = await openCliWorld()
    using disk = mountSmallDisk(world.at('disk'), 8)
    await writeTree(world.at('small'), SMALL)
    await writeTree(world.at('large'), LARGE)
    await world.succeeds('push', world.at('small'), '-t', 'geo')
    disk.resize(24)
    await world.succeeds('pull', `${disk.path}/target`, 'geo')
    await world.succeeds('push', world.at('large'), '-t', 'geo')
    const words = /There is no room for the new version: .* MiB free, and .* MiB are needed\nhint: /
    await world.fails(1, words, 'pull', `${disk.path}/target`, 'geo')
    await world.fails(1, words, 'pull', '-o', `${disk.path}/plain`, 'geo')
    assert.deepEqual(await treeOf(`${disk.path}/target/geo/latest/`), await treeOf(world.at('small')))
    assert.ok(!existsSync(`${disk.path}/plain`))
    disk.resize(64)
    await world.succeeds('pull', `${disk.path}/target`, 'geo')
    assert.deepEqual(await treeOf(`${disk.path}/target/geo/latest/`), await treeOf(world.at('large')))
  })

  it('of who pulls, full in the middle: the old version stays, and the next pull goes on', async () => {
    await using world = await openWorld()
    using disk = mountSmallDisk(world.at('disk'), 64)
    await writeTree(world.at('small'), SMALL)
    await writeTree(world.at('large'), LARGE)
    await world.client.push(world.at('small'), ['geo'])
    const [live] = await world.client.pull(`${disk.path}/target`, ['geo'])
    await world.client.push(world.at('large'), ['geo'])
    let filled = false
    const onProgress = ({ phase }: { phase: string }) => {
      if (phase !== 'download' || filled) return
      filled = true
      disk.fill()
    }
    await assert.rejects(world.client.pull(`${disk.path}/target`, ['geo'], { onProgress }), fails('no-space'))
    assert.ok(filled)
    assert.deepEqual(await treeOf(live!.path), await treeOf(world.at('small')))
    disk.empty()
    await world.client.pull(`${disk.path}/target`, ['geo'])
    assert.deepEqual(await treeOf(live!.path), await treeOf(world.at('large')))
  })

  it('under the cache of who pushes or reads does not stand in the way', async () => {
    await using world = await openWorld()
    using disk = mountSmallDisk(world.at('disk'), 1)
    disk.fill()
    await writeTree(world.at('large'), LARGE)
    const client = connect({ host: world.hub.host, cacheFolder: `${disk.path}/cache` })
    const [pushed] = await client.push(world.at('large'), ['geo:v1'])
    assert.ok(pushed!.warnings.length > 0)
    await client.push(world.at('large'), ['geo:v2'])
    const bytes = await (await client.open('geo:v2')).file('large.bin').read(0, 10)
    assert.deepEqual(Buffer.from(bytes), randomBytesOf(10, 'large'))
    const [pulled] = await client.pull(world.at('target'), ['geo:v2'])
    assert.deepEqual(await treeOf(pulled!.path), await treeOf(world.at('large')))
    client.close()
  })
})

describe('a limit on the length of files', () => {
  it('of the hub: the push ends with 1, no tag moves, and the hub goes on', async () => {
    await using folder = await temporaryFolder()
    const options = { store: folder.at('store'), home: folder.path }
    await writeTree(folder.at('small'), SMALL)
    await writeTree(folder.at('large'), LARGE)
    await using hub = await startHubProcess({ ...options, fileLimit: 1024 })
    const run = (...argv: string[]) => cli(argv, { host: hub.host, home: folder.path })
    const failed = await run('push', folder.at('large'), '-t', 'geo')
    assert.deepEqual([failed.exit, failed.stdout], [1, ''])
    assert.match(failed.stderr, HUB_FULL)
    assert.equal((await run('push', folder.at('small'), '-t', 'geo')).exit, 0)
    const storage = await createFolderStorage(options.store)
    await checkTagsComplete(storage)
    assert.equal((await storedTags(storage)).size, 1)
  })

  it('of who pulls: the old version stays, and the next pull goes on', async () => {
    await using world = await openWorld()
    await writeTree(world.at('small'), SMALL)
    await writeTree(world.at('large'), LARGE)
    await world.client.push(world.at('small'), ['geo'])
    const [live] = await world.client.pull(world.at('target'), ['geo'])
    await world.client.push(world.at('large'), ['geo'])
    const options = { home: world.folder.path, env: { AETHERFS_HOST: world.hub.host }, fileLimit: 8 * 1024 }
    const failed = await runProgram(['pull', world.at('target'), 'geo'], options)
    assert.deepEqual([failed.exit, failed.stdout], [1, ''], failed.stderr)
    assert.match(failed.stderr, FULL)
    assert.deepEqual(await treeOf(live!.path), await treeOf(world.at('small')))
    const [pulled] = await world.client.pull(world.at('target'), ['geo'])
    assert.ok(pulled!.downloadedBytes < 8 * MB, `${pulled!.downloadedBytes} bytes were fetched again`)
    assert.deepEqual(await treeOf(live!.path), await treeOf(world.at('large')))
  })
})
