// What `aetherfs verify --storage` tells an operator to do about damage does away with it.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { StoreReport } from '../src/hub/verify-store/report.ts'
import { checkStore, findingsOf } from './testing/checked-store.fixture.ts'
import { randomBytesOf } from './testing/random.fixture.ts'
import { file, treeOf, writeTree } from './testing/tree.fixture.ts'
import { openWorld, type TestWorld } from './testing/world.fixture.ts'

/** A dataset with two versions, whose files are in two folders. */
async function begin(): Promise<TestWorld> {
  const world = await openWorld()
  const shared = { 'large.bin': file(randomBytesOf(500_000, 1)), 'small.txt': file('small') }
  await writeTree(world.at('one'), shared)
  await writeTree(world.at('two'), { ...shared, 'more.bin': file(randomBytesOf(100_000, 2)) })
  await pushBoth(world)
  return world
}

async function pushBoth(world: TestWorld): Promise<void> {
  const client = world.newClient() // with nothing in its cache
  await client.push(world.at('one'), ['geo:v1', 'geo:latest'])
  await client.push(world.at('two'), ['geo:v2', 'geo:latest'])
}

async function finds(world: TestWorld, words: RegExp): Promise<StoreReport> {
  const report = await checkStore(world.hub.storage)
  assert.match(findingsOf(report)[0] ?? '', words)
  return report
}

async function isMended(world: TestWorld): Promise<void> {
  assert.deepEqual(findingsOf(await checkStore(world.hub.storage, { files: true })), [])
  const versions = { v1: 'one', v2: 'two' }
  for (const [tag, folder] of Object.entries(versions)) {
    const [pulled] = await world.newClient().pull(world.at(`target-${tag}`), [`geo:${tag}`])
    assert.deepEqual(await treeOf(pulled!.path), await treeOf(world.at(folder)))
  }
}

describe('what is told of damage', () => {
  it('mends a block: it is removed and the files are pushed again with an empty cache', async () => {
    await using world = await begin()
    const [first] = (await world.hub.storage.list({ prefix: 'blocks/' })).objects
    const bytes = Buffer.from((await world.hub.storage.get(first!.key)).bytes)
    bytes[10]! ^= 1
    await world.hub.storage.put(first!.key, bytes)
    const report = await finds(world, /^damaged block/)
    assert.match(
      report.findings[0]!.hint,
      /remove it and push the files of these snapshots again, with an empty --cache-dir/,
    )
    await world.hub.storage.delete(first!.key)
    await finds(world, /^missing block/)
    await pushBoth(world)
    await isMended(world)
  })

  it('mends a record: it is removed and the same files are pushed again', async () => {
    await using world = await begin()
    const { digest } = await world.client.resolve('geo:v1')
    const key = `datasets/geo/snapshots/${digest}`
    await world.hub.storage.put(key, Buffer.from('x'))
    const report = await finds(world, /^damaged snapshot/)
    assert.match(report.findings[0]!.hint, /remove it and push the same files again/)
    await world.hub.storage.delete(key)
    await finds(world, /^missing snapshot/)
    await pushBoth(world)
    await isMended(world)
  })

  it('mends a tag: it is removed and pushed anew', async () => {
    await using world = await begin()
    await world.hub.storage.put('datasets/geo/tags/v1', Buffer.from('x'))
    const report = await finds(world, /^damaged tag/)
    assert.match(report.findings[0]!.hint, /remove it and push it, or point it, anew/)
    await world.hub.storage.delete('datasets/geo/tags/v1')
    await pushBoth(world)
    await isMended(world)
  })
})
