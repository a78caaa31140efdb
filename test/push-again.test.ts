// Pushes that build on what an earlier one found out: of the same source, and for several places at once.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { startHub } from './testing/hub.fixture.ts'
import { randomBytesOf } from './testing/random.fixture.ts'
import { skipAhead } from './testing/skip-ahead.fixture.ts'
import { listStore } from './testing/stored.fixture.ts'
import { file, type Tree, treeOf, updateTree, writeTree } from './testing/tree.fixture.ts'
import { openWorld } from './testing/world.fixture.ts'

/** Twenty small files that flow together, and one large. */
function tree(changed: string): Tree {
  const bytes = (seed: number, length: number) => randomBytesOf(length, seed)
  const small = Array.from(
    { length: 20 },
    (_, i) => [`small/${String(i).padStart(2, '0')}`, file(bytes(i, 20_000))] as const,
  )
  const middle = Buffer.concat([Buffer.from(changed), bytes(10, 20_000 - changed.length)])
  return { ...Object.fromEntries(small), 'small/10': file(middle), 'large.bin': file(bytes(99, 300_000)) }
}

describe('a push after an empty file, a folder and a link', () => {
  it('takes each file for itself, whatever its name looks like', async (t) => {
    skipAhead(t)
    await using world = await openWorld()
    const source = world.at('source')
    const names = ['b b 100000', 'c', 'd']
    const files = Object.fromEntries(names.map((name) => [name, file(randomBytesOf(100_000, name))]))
    await writeTree(source, { aaa: file(''), aab: { kind: 'folder' }, aac: { kind: 'link', target: 'c' }, ...files })
    await world.client.push(source, ['geo:latest'])
    await writeTree(source, { f: file('new') })
    const [second] = await world.client.push(source, ['geo:latest'])
    assert.equal(second!.unreadBytes, 300_000)
    const [pulled] = await world.newClient().pull(world.at('target'), ['geo'])
    assert.deepEqual(await treeOf(pulled!.path), await treeOf(source))
  })
})

describe('a push to a hub that has lost a block', () => {
  it('sends what was in it again, and the new version is whole', async () => {
    await using world = await openWorld()
    const source = world.at('source')
    await writeTree(source, tree('one'))
    await world.client.push(source, ['geo:v1'])
    for (const line of await listStore(world.hub.storage, 'blocks/'))
      await world.hub.storage.delete(line.split(' ')[0]!)
    await writeTree(source, { 'more.txt': file('more') })
    const [second] = await world.newClient().push(source, ['geo:v2'])
    assert.ok(second!.sentBytes > 600_000)
    const [pulled] = await world.newClient().pull(world.at('target'), ['geo:v2'])
    assert.deepEqual(await treeOf(pulled!.path), await treeOf(source))
  })
})

describe('a push to a tag whose snapshot the hub cannot read any more', () => {
  it('sends everything, and the new version is whole', async () => {
    await using world = await openWorld()
    const source = world.at('source')
    await writeTree(source, tree('one'))
    await world.client.push(source, ['geo:latest'])
    const { storage } = world.hub
    for (const line of await listStore(storage, 'datasets/geo/snapshots/')) {
      await storage.put(line.split(' ')[0]!, Buffer.from('damaged'))
    }
    await using hub = await startHub({ storage }) // one that has not seen the record before
    await writeTree(source, { 'more.txt': file('more') })
    const [second] = await world.client.push(source, [`${hub.host}/geo:latest`])
    assert.ok(second!.sentBytes > 600_000)
    const [pulled] = await world.newClient().pull(world.at('target'), [`${hub.host}/geo:latest`])
    assert.deepEqual(await treeOf(pulled!.path), await treeOf(source))
  })
})

describe('a push to several places', () => {
  it('sends what a second dataset of the hub needs only once', async () => {
    await using world = await openWorld()
    const source = world.at('source')
    await writeTree(source, tree('one'))
    const [first, second] = await world.client.push(source, ['geo:v1', '@team/geo:v1'])
    assert.ok(first!.sentBytes > 600_000)
    assert.equal(second!.sentBytes, 0)
    assert.equal(second!.digest, first!.digest)
  })

  it('gives two hubs the same change, whichever parts of a file each has', async (t) => {
    skipAhead(t)
    await using world = await openWorld()
    await using other = await startHub()
    const references = ['geo:latest', `${other.host}/geo:latest`]
    const source = world.at('source')
    let present: Tree = {}
    for (const [round, text] of ['one', 'two two', 'three'].entries()) {
      const next = tree(text)
      await writeTree(source, {})
      await updateTree(source, present, next)
      present = next
      const results = await world.client.push(source, references)
      assert.equal(results[0]!.digest, results[1]!.digest)
      const pulled = await world.newClient().pull(world.at(`target-${round}`), references)
      for (const { path } of pulled) assert.deepEqual(await treeOf(path), await treeOf(source))
    }
  })
})
