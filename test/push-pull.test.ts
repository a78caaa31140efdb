// The main job from end to end: what is pushed comes back, and only what changed is sent.
import assert from 'node:assert/strict'
import { chmod, lstat, mkdir, readFile, rename, utimes, writeFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { PullResult, PushResult } from '../src/client/index.ts'
import { connect } from '../src/client/index.ts'
import { anyTree, bakeTree } from './testing/any-tree.fixture.ts'
import { writeArchives } from './testing/archives.fixture.ts'
import { startHub } from './testing/hub.fixture.ts'
import { mutate } from './testing/mutate.fixture.ts'
import { createRandom, newSeed, randomBytesOf } from './testing/random.fixture.ts'
import { changeDatabase, makeDataSet } from './testing/samples.fixture.ts'
import { skipAhead } from './testing/skip-ahead.fixture.ts'
import { listStore, readStoredRecord, storedChunks } from './testing/stored.fixture.ts'
import { times } from './testing/thorough.fixture.ts'
import { digestByScript, file, type Tree, treeOf, updateTree, writeTree } from './testing/tree.fixture.ts'
import { openWorld, type TestWorld } from './testing/world.fixture.ts'

const MB = 1_000_000
const SMALL: Tree = {
  'a.txt': file('one'),
  'a/b': file('below a'),
  'a-b': file('between'),
  'bin/run': file('#!/bin/sh\n', true),
  empty: { kind: 'folder' },
  'link to a': { kind: 'link', target: 'a.txt' },
}

/** One dataset was pushed, so there is one result. */
async function pushOne(pushed: Promise<PushResult[]>): Promise<PushResult> {
  const results = await pushed
  assert.equal(results.length, 1)
  return results[0]!
}

async function pullOne(pulled: Promise<PullResult[]>): Promise<PullResult> {
  const results = await pulled
  assert.equal(results.length, 1)
  return results[0]!
}

/** Times as many runs of every property. */
const FACTOR = Number(process.env.AETHERFS_RUNS ?? 1)

/** Runs a property with a seed that is told. */
async function check<T extends unknown[]>(property: fc.IAsyncProperty<T>, numRuns: number): Promise<void> {
  const seed = newSeed()
  console.log(`seed ${seed}`)
  await fc.assert(property, { seed, numRuns: numRuns * FACTOR, endOnFailure: true })
}

describe('any tree', () => {
  it('comes back as it was pushed, under the digest that coreutils compute', async () => {
    await using world = await openWorld()
    let run = 0
    const property = fc.asyncProperty(anyTree, async (recipes) => {
      const [source, target] = [world.at(`source-${run}`), world.at(`target-${run++}`)]
      await writeTree(source, bakeTree(recipes))
      const { digest } = await pushOne(world.client.push(source, ['any']))
      const { path } = await pullOne(world.client.pull(target, ['any']))
      assert.deepEqual(await treeOf(path), await treeOf(source))
      assert.equal(await digestByScript(`${path}/`), digest)
    })
    await check(property, times(12, 3))
  })

  it('after any changes has the same digest and chunks with and without what was remembered of it', async (t) => {
    skipAhead(t)
    await using world = await openWorld()
    let run = 0
    const property = fc.asyncProperty(anyTree, fc.integer(), async (recipes, seed) => {
      const name = `run-${run++}`
      const before = bakeTree(recipes)
      const { tree: after, done } = mutate(before, createRandom(seed))
      const source = world.at(name)
      await writeTree(source, before)
      await pushOne(world.client.push(source, [name]))
      await updateTree(source, before, after)
      await compareWays(world, source, name, done.join('\n'))
    })
    await check(property, times(10, 2))
  })

  it('is updated to what a fresh pull gives', async () => {
    await using world = await openWorld()
    let run = 0
    const property = fc.asyncProperty(anyTree, fc.integer(), async (recipes, seed) => {
      const name = `run-${run++}`
      const random = createRandom(seed)
      const source = world.at(name)
      let tree = bakeTree(recipes)
      await writeTree(source, tree)
      for (let version = 1; version <= 3; version++) {
        await pushOne(world.client.push(source, [name]))
        const { path, digest } = await pullOne(world.client.pull(world.at('updated'), [name]))
        assert.deepEqual(await treeOf(path), await treeOf(source), `version ${version}`)
        assert.equal(await digestByScript(`${path}/`), digest)
        const { tree: next } = mutate(tree, random)
        await updateTree(source, tree, next)
        tree = next
      }
    })
    await check(property, times(5, 2))
  })
})

/** Pushes once with the stat cache and once without, and compares all that may not depend on it. */
async function compareWays(world: TestWorld, source: string, name: string, done: string): Promise<void> {
  const { storage } = world.hub
  const cached = await pushOne(world.client.push(source, [name]))
  const fresh = await pushOne(world.newClient().push(source, [`${name}-fresh`]))
  assert.equal(cached.digest, fresh.digest, done)
  assert.equal(fresh.unreadBytes, 0)
  const chunks = await storedChunks(storage, name, cached.digest)
  assert.deepEqual(chunks, await storedChunks(storage, `${name}-fresh`, fresh.digest), done)
  const { path } = await pullOne(world.client.pull(world.at('pulled'), [name]))
  assert.deepEqual(await treeOf(path), await treeOf(source), done)
}

describe('a data set', () => {
  it('is delivered with its times, read-only, and updated by what changed', async () => {
    await using world = await openWorld()
    const source = world.at('source')
    await makeDataSet(source)
    await utimes(`${source}/places.csv`, 1_600_000_000.123456, 1_600_000_000.123456)
    await pushOne(world.client.push(source, ['geo:v1', 'geo']))
    const first = await pullOne(world.client.pull(world.at('target'), ['geo']))
    const stat = await lstat(`${first.path}/places.csv`)
    assert.deepEqual([stat.mode & 0o777, Math.round(stat.mtimeMs * 1000)], [0o444, 1_600_000_000_123_456])

    changeDatabase(`${source}/places.sqlite`, 1000, 7)
    const pushed = await pushOne(world.client.push(source, ['geo:v2', 'geo']))
    const second = await pullOne(world.client.pull(world.at('target'), ['geo']))
    assert.deepEqual(await treeOf(second.path), await treeOf(source))
    assert.ok(pushed.sentBytes < pushed.bytes, `${pushed.sentBytes} of ${pushed.bytes} were sent`)
    assert.equal(second.linkedFiles, first.files - 1)
    assert.deepEqual([second.previous, second.digest], [first.digest, pushed.digest])
  })
})

describe('a pulled folder', () => {
  it('may be pushed again as what it is, times included', async () => {
    await using world = await openWorld()
    await makeDataSet(world.at('source'), { rows: 10, files: 50 })
    const { digest } = await pushOne(world.client.push(world.at('source'), ['geo:v1']))
    const { path } = await pullOne(world.client.pull(world.at('target'), ['geo:v1']))
    assert.equal((await pushOne(world.client.push(path, ['copy:v1']))).digest, digest)
    const [first, second] = await Promise.all(['geo:v1', 'copy:v1'].map((name) => world.client.open(name)))
    assert.deepEqual(second!.entries, first!.entries)
  })
})

describe('a push', () => {
  it('that changes nothing reads nothing, sends nothing and stores nothing', async (t) => {
    skipAhead(t)
    await using world = await openWorld()
    await makeDataSet(world.at('source'))
    const first = await pushOne(world.client.push(world.at('source'), ['geo:v1']))
    const before = await listStore(world.hub.storage)
    const again = await pushOne(world.client.push(world.at('source'), ['geo:v1']))
    assert.deepEqual([first.unreadBytes, again.unreadBytes], [0, first.bytes])
    assert.deepEqual([again.digest, again.existed, again.sentBytes, again.newBytes], [first.digest, true, 0, 0])
    assert.deepEqual(again.tags[0]!.previous, first.digest)
    assert.deepEqual(await listStore(world.hub.storage), before)
  })

  it('that changes nothing reads nothing of any tree', async (t) => {
    skipAhead(t)
    await using world = await openWorld()
    let run = 0
    const property = fc.asyncProperty(anyTree, async (recipes) => {
      const name = `run-${run++}`
      await writeTree(world.at(name), bakeTree(recipes))
      const first = await pushOne(world.client.push(world.at(name), [name]))
      const again = await pushOne(world.client.push(world.at(name), [`${name}:again`]))
      assert.deepEqual([again.unreadBytes, again.sentBytes, again.digest], [first.bytes, 0, first.digest])
    })
    await check(property, times(10, 3))
  })

  it('sends little when one byte of a large file changes', async () => {
    await using world = await openWorld()
    const bytes = randomBytesOf(5 * MB, 'large')
    await writeTree(world.at('source'), { 'large.bin': file(bytes) })
    await pushOne(world.client.push(world.at('source'), ['large']))
    bytes[2.5 * MB]! ^= 1
    await writeFile(world.at('source', 'large.bin'), bytes)
    const { sentBytes } = await pushOne(world.client.push(world.at('source'), ['large']))
    assert.ok(sentBytes > 0 && sentBytes < 0.4 * MB, `${sentBytes} bytes were sent`)
  })

  it('sends little when a byte is put in front of a large file', async () => {
    await using world = await openWorld()
    const bytes = randomBytesOf(5 * MB, 'large')
    await writeTree(world.at('source'), { 'large.bin': file(bytes) })
    await pushOne(world.client.push(world.at('source'), ['large']))
    await writeFile(world.at('source', 'large.bin'), Buffer.concat([Buffer.from('!'), bytes]))
    const { sentBytes } = await pushOne(world.client.push(world.at('source'), ['large']))
    assert.ok(sentBytes > 0 && sentBytes < 0.6 * MB, `${sentBytes} bytes were sent`)
  })

  it('sends nothing of a large file that got another name, also to who pulls it', async () => {
    await using world = await openWorld()
    await writeTree(world.at('source'), { 'large.bin': file(randomBytesOf(3 * MB, 'large')) })
    await pushOne(world.client.push(world.at('source'), ['large']))
    await pullOne(world.client.pull(world.at('target'), ['large']))
    await rename(world.at('source', 'large.bin'), world.at('source', 'renamed.bin'))
    const pushed = await pushOne(world.client.push(world.at('source'), ['large']))
    assert.deepEqual([pushed.sentBytes, pushed.newBytes], [0, 0])
    const pulled = await pullOne(world.client.pull(world.at('target'), ['large']))
    assert.deepEqual([pulled.reusedBytes, pulled.downloadedBytes < 10_000], [3 * MB, true])
  })

  it('under another tag sends nothing, and moves the tag', async () => {
    await using world = await openWorld()
    await writeTree(world.at('source'), SMALL)
    const first = await pushOne(world.client.push(world.at('source'), ['geo:v1']))
    const second = await pushOne(world.client.push(world.at('source'), ['geo:v2', 'geo:stable']))
    assert.deepEqual([second.digest, second.sentBytes, second.existed], [first.digest, 0, true])
    const tags = await Array.fromAsync(world.client.tags('geo'))
    assert.deepEqual(
      tags.map(({ name, digest }) => [name, digest]),
      ['stable', 'v1', 'v2'].map((name) => [name, first.digest]),
    )
  })

  it('goes to several datasets and hubs', async () => {
    await using world = await openWorld()
    await using other = await startHub()
    await writeTree(world.at('source'), SMALL)
    const references = ['geo:v1', '@team/geo:v1', `${other.host}/geo:v1`, 'geo']
    const results = await world.client.push(world.at('source'), references)
    const places = results.map(({ host, dataset, tags }) => [host, dataset, tags.map(({ tag }) => tag.name)])
    assert.deepEqual(places, [
      [world.hub.host, 'geo', ['v1', 'latest']],
      [world.hub.host, '@team/geo', ['v1']],
      [other.host, 'geo', ['v1']],
    ])
    const pulled = await world.client.pull(world.at('target'), references)
    for (const { path } of pulled) assert.deepEqual(await treeOf(path), await treeOf(world.at('source')))
  })

  it('takes chunks of a base in another dataset', async () => {
    await using world = await openWorld()
    const tree = { 'large.bin': file(randomBytesOf(MB, 'shared')) }
    await writeTree(world.at('one'), tree)
    await writeTree(world.at('two'), { ...tree, 'more.txt': file('more') })
    await pushOne(world.client.push(world.at('one'), ['one:v1']))
    const without = await pushOne(world.newClient().push(world.at('two'), ['two:v1']))
    const based = await pushOne(world.newClient().push(world.at('two'), ['three:v1'], { bases: ['one:v1'] }))
    assert.ok(without.sentBytes > MB, `${without.sentBytes} bytes were sent without a base`)
    assert.ok(based.sentBytes < 1000, `${based.sentBytes} bytes were sent with a base`)
    const { path } = await pullOne(world.client.pull(world.at('target'), ['three:v1']))
    assert.deepEqual(await treeOf(path), await treeOf(world.at('two')))
  })

  it('that is only tried stores nothing, and says what the real one sends', async () => {
    await using world = await openWorld()
    await makeDataSet(world.at('source'))
    const before = await listStore(world.hub.storage)
    const tried = await pushOne(world.client.push(world.at('source'), ['geo:v1'], { dryRun: true }))
    assert.deepEqual([tried.dryRun, tried.tags], [true, []])
    assert.deepEqual(await listStore(world.hub.storage), before)
    const real = await pushOne(world.client.push(world.at('source'), ['geo:v1']))
    const facts = ({ digest, sentBytes, newBytes, blocks, files, bytes }: PushResult) => ({
      digest,
      sentBytes,
      newBytes,
      blocks,
      files,
      bytes,
    })
    assert.deepEqual(facts(tried), facts(real))
  })

  it('keeps message and labels, which are shown', async () => {
    await using world = await openWorld()
    await writeTree(world.at('source'), SMALL)
    const words = { message: 'Café\nnightly', labels: { build: '1234', 'a.b/c': '' } }
    const { digest } = await pushOne(world.client.push(world.at('source'), ['geo:v1'], words))
    const { summary } = await world.client.snapshot('geo:v1')
    assert.deepEqual({ message: summary.message, labels: summary.labels }, words)
    assert.deepEqual([summary.files, summary.entries, summary.digest], [4, 6, digest])
    assert.equal((await readStoredRecord(world.hub.storage, 'geo', digest)).provenance.creator, 'anonymous')
  })
})

describe('what is pushed', () => {
  it('has the same digest as a folder and as an archive of any kind', async () => {
    await using world = await openWorld()
    const tree: Tree = { ...SMALL, 'large.bin': file(randomBytesOf(300_000, 'in an archive')), 'dir/x y': file('x') }
    await writeTree(world.at('source'), tree)
    const { digest } = await pushOne(world.client.push(world.at('source'), ['geo:folder']))
    for (const archive of await writeArchives(world.at('archive'), tree)) {
      const pushed = await pushOne(world.newClient().push(archive, [`archive${archive.length}:v1`]))
      assert.equal(pushed.digest, digest, archive)
      const { path } = await pullOne(world.client.pull(world.at('target'), [`archive${archive.length}:v1`]))
      assert.deepEqual(await treeOf(path), await treeOf(world.at('source')), archive)
    }
  })

  it('may be a single file', async () => {
    await using world = await openWorld()
    await writeFile(world.at('model.bin'), randomBytesOf(100_000, 'model'))
    await pushOne(world.client.push(world.at('model.bin'), ['model:v1']))
    const { path } = await pullOne(world.client.pull(world.at('target'), ['model:v1']))
    assert.deepEqual(await readFile(`${path}/model.bin`), await readFile(world.at('model.bin')))
  })

  it('may be nothing', async () => {
    await using world = await openWorld()
    await mkdir(world.at('source'))
    const { digest } = await pushOne(world.client.push(world.at('source'), ['nothing:v1']))
    const { path } = await pullOne(world.client.pull(world.at('target'), ['nothing:v1']))
    assert.deepEqual(await treeOf(path), [])
    assert.equal(digest, '67ca0b89c9738288728a2908eda7f1b07f652831991e4b86c049d322a0adb21b')
  })

  it('leaves out what .aetherfsignore, exclude and skipSpecial say', async () => {
    await using world = await openWorld()
    const kept: Tree = { 'keep.txt': file('kept'), 'sub/keep.tmp': file('kept too') }
    const left: Tree = { 'drop.tmp': file('x'), 'logs/a.log': file('x'), away: { kind: 'link', target: '/etc' } }
    const rules = { '.aetherfsignore': file('*.tmp\n'), 'sub/.aetherfsignore': file('!keep.tmp\n') }
    await writeTree(world.at('source'), { ...kept, ...left, ...rules })
    await writeTree(world.at('expected'), kept)
    const options = { exclude: ['logs/'], skipSpecial: true }
    const { skipped } = await pushOne(world.client.push(world.at('source'), ['geo'], options))
    assert.deepEqual(skipped, [{ path: 'away', reason: 'it is a link to the absolute path "/etc"' }])
    const { path } = await pullOne(world.client.pull(world.at('target'), ['geo']))
    assert.deepEqual(await treeOf(path), await treeOf(world.at('expected')))
  })
})

describe('a pull', () => {
  it('of a part gives that part, and the rest later without the part', async () => {
    await using world = await openWorld()
    await writeTree(world.at('source'), { ...SMALL, 'large.bin': file(randomBytesOf(MB, 'large')) })
    await pushOne(world.client.push(world.at('source'), ['geo']))
    const part = await pullOne(world.client.pull(world.at('target'), ['geo'], { include: ['*.bin'] }))
    assert.deepEqual((await treeOf(part.path)).length, 1)
    const whole = await pullOne(world.client.pull(world.at('target'), ['geo']))
    assert.deepEqual(await treeOf(whole.path), await treeOf(world.at('source')))
    // The chunk of the small files lies in one frame with the beginning of the large one.
    assert.ok(whole.downloadedBytes < 300_000, `${whole.downloadedBytes} bytes were fetched`)
  })

  it('into a plain folder gives the files and nothing else', async () => {
    await using world = await openWorld()
    await writeTree(world.at('source'), SMALL)
    await pushOne(world.client.push(world.at('source'), ['geo']))
    const { path } = await pullOne(world.client.pull('', ['geo'], { output: world.at('plain') }))
    assert.equal(path, world.at('plain'))
    assert.deepEqual(await treeOf(path), await treeOf(world.at('source')))
  })

  it('by digest goes on after the tag moved, and open() stays on its version', async () => {
    await using world = await openWorld()
    await writeTree(world.at('source'), { 'a.txt': file('one') })
    const { digest } = await pushOne(world.client.push(world.at('source'), ['geo']))
    const opened = await world.client.open('geo')
    await writeFile(world.at('source', 'a.txt'), 'two')
    await pushOne(world.client.push(world.at('source'), ['geo']))
    const { path } = await pullOne(world.client.pull(world.at('target'), [`geo@sha256:${digest}`]))
    assert.equal(await readFile(`${path}/a.txt`, 'utf8'), 'one')
    assert.equal(Buffer.from(await opened.file('a.txt').read(0, 10)).toString(), 'one')
  })
})

describe('one client', () => {
  it('may do many things at once', async () => {
    await using world = await openWorld()
    await writeTree(world.at('source'), { ...SMALL, 'large.bin': file(randomBytesOf(3 * MB, 'large')) })
    const names = ['one', 'two', 'three', 'four']
    await Promise.all(names.map((name) => world.client.push(world.at('source'), [`${name}:v1`])))
    const reader = connect({ host: world.hub.host, cacheFolder: world.at('new-cache') })
    const snapshots = await Promise.all(names.map((name) => reader.open(`${name}:v1`)))
    const reads = snapshots.flatMap((snapshot) => [0, 1, 2].map((i) => snapshot.file('large.bin').read(i * MB, MB)))
    assert.deepEqual(new Set((await Promise.all(reads)).map((bytes) => bytes.length)), new Set([MB]))
    const pulls = names.map((name) => reader.pull(world.at('target'), [`${name}:v1`]))
    for (const [{ path }] of (await Promise.all(pulls)) as [PullResult][]) {
      assert.deepEqual(await treeOf(path), await treeOf(world.at('source')))
    }
    reader.close()
  })

  it('sees a changed mode', async () => {
    await using world = await openWorld()
    await writeTree(world.at('source'), SMALL)
    const before = await pushOne(world.client.push(world.at('source'), ['geo']))
    await chmod(world.at('source', 'a.txt'), 0o755)
    const after = await pushOne(world.client.push(world.at('source'), ['geo']))
    assert.notEqual(after.digest, before.digest)
  })
})
