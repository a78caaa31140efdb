import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { AetherError } from '../core/errors.ts'
import { type Digest, formatDigest } from '../core/id.ts'
import type { DatasetName, TagName } from '../core/names.ts'
import { sampleBytes } from '../core/sample.fixture.ts'
import { fixed, type Place, type ReadableTree, type TreeFile, type TreeFolder } from '../dataset/tree/readable-tree.ts'
import { createMemoryStorage } from '../storage/memory.ts'
import { createHub } from './create-hub.ts'
import { ANONYMOUS, type Hub } from './hub.ts'
import { hubTrees } from './hub-tree.ts'
import type { Permit } from './permit.ts'
import { type BuiltSnapshot, buildSnapshot } from './snapshot.fixture.ts'

const big = sampleBytes(700_000, 'big')
const one = await buildSnapshot({ 'a.txt': 'one', 'd/big.bin': big, 'd/e/deep.txt': 'deep', 'd.txt': '', z: 'end' })
const two = await buildSnapshot({ 'a.txt': 'two' })
const empty = await buildSnapshot({})
const hubs: Hub[] = []
after(() => Promise.all(hubs.map((hub) => hub.close())))

async function* body(bytes: Uint8Array) {
  yield bytes
}

async function push(hub: Hub, snapshot: BuiltSnapshot, dataset: string, ...tags: string[]): Promise<void> {
  const name = dataset as DatasetName
  const receipts = await Promise.all(
    snapshot.blocks.map((b) => hub.uploadBlock(ANONYMOUS, name, b.info.id, b.bytes.length, body(b.bytes))),
  )
  const targets = tags.map((tag) => ({ tag: tag as TagName, expected: undefined }))
  await hub.publish(ANONYMOUS, {
    dataset: name,
    record: snapshot.bytes,
    receipts,
    bases: [],
    tags: targets,
    reason: '',
  })
}

async function openTree(permit?: Permit): Promise<{ hub: Hub; tree: ReadableTree }> {
  const hub = await createHub({ storage: createMemoryStorage(), permit })
  hubs.push(hub)
  return { hub, tree: hubTrees(hub)(ANONYMOUS) }
}

/** Names of all pages of a folder; those of folders end in "/". */
async function names(tree: ReadableTree, place: Place, limit = 100): Promise<string[]> {
  const found: string[] = []
  for (let after: string | undefined; ; ) {
    const { items, isLast } = await tree.list(place, { after, limit })
    assert.ok(items.length <= limit && (isLast || items.length === limit))
    found.push(...items.map(({ node }) => node.name + (node.kind === 'folder' ? '/' : '')))
    if (isLast) return found
    after = items.at(-1)!.token
  }
}

async function readAll(tree: ReadableTree, file: TreeFile, offset = 0, length = file.size): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of tree.read(file.place, { offset, length })) parts.push(part)
  return Buffer.concat(parts)
}

const pathTo = (path: string) => path.split('/').filter(Boolean)

const { hub, tree } = await openTree()
await push(hub, one, 'geo', 'v1', 'latest')
await push(hub, two, 'geo', 'by-digest', 'v2')
await push(hub, empty, '@maps/none', 'latest')
await push(hub, two, '@maps/eu', 'latest')
await push(hub, two, '@maps-old/eu', 'latest')
await push(hub, two, '0first', 'latest')
await push(hub, two, 'zoo', 'latest')

describe('tree over a hub', () => {
  it('shows datasets and scopes, tags and digests, then files, whatever the size of pages', async () => {
    const digests = [one, two].map(({ record }) => `sha256:${record.digest}/`).sort()
    const expected = {
      '': ['0first/', '@maps-old/', '@maps/', 'geo/', 'zoo/'],
      '@maps': ['eu/', 'none/'],
      geo: ['latest/', 'v1/', 'v2/', 'by-digest/'],
      'geo/by-digest': digests,
      'geo/latest': ['a.txt', 'd.txt', 'd/', 'z'],
      'geo/v1/d': ['big.bin', 'e/'],
      '@maps/none/latest': [],
    }
    for (const [path, list] of Object.entries(expected)) {
      const { place } = await tree.find(pathTo(path))
      for (const limit of [1, 2, 100]) assert.deepEqual(await names(tree, place, limit), list, `${path} by ${limit}`)
    }
  })

  it('finds each node by its path, its place and its name', async () => {
    async function visit(path: string[]): Promise<void> {
      const node = await tree.find(path)
      assert.deepEqual(await tree.at(node.place), node)
      if (node.kind !== 'folder') return
      const { items } = await tree.list(node.place, { limit: 100 })
      for (const { node: listed } of items) {
        const child = await tree.child(node.place, listed.name)
        if (node.place.level !== 'digests') assert.deepEqual(child, listed)
        await visit([...path, listed.name])
      }
    }
    await visit([])
  })

  it('reads any range of a file, and nothing behind its end', async () => {
    const file = (await tree.find(['geo', 'latest', 'd', 'big.bin'])) as TreeFile
    assert.equal(file.size, big.length)
    assert.ok((await readAll(tree, file)).equals(big))
    for (const [offset, length] of [
      [0, 1],
      [5, 300_000],
      [699_999, 50],
      [700_000, 5],
      [800_000, 1],
      [3, 0],
    ] as const)
      assert.ok((await readAll(tree, file, offset, length)).equals(big.subarray(offset, offset + length)))
    assert.equal((await readAll(tree, (await tree.find(['geo', 'latest', 'z'])) as TreeFile)).toString(), 'end')
    await assert.rejects(readAll(tree, file, -1, 5), { code: 'invalid' })
    await assert.rejects(readAll(tree, file, 0, Number.NaN), { code: 'invalid' })
  })

  it('says not-found of all that is not there or cannot be', async () => {
    const paths = [
      'nowhere',
      'Geo',
      'geo/none',
      'geo/latest/x',
      'geo/latest/a.txt/b',
      '@maps/x',
      '@x',
      '@',
      '@maps/eu/v9',
    ]
    for (const path of paths) await assert.rejects(tree.find(pathTo(path)), { code: 'not-found' }, path)
    const odd = ['..', '.', '', 'd/e', '\0', 'a\\b', 'x'.repeat(5000), '\ud800']
    for (const name of odd) {
      await assert.rejects(tree.find(['geo', 'latest', name]), { code: 'not-found' }, name)
      await assert.rejects(tree.find(['geo', name]), { code: 'not-found' }, name)
      await assert.rejects(tree.find([name]), { code: 'not-found' }, name)
      const { place } = await tree.find(['geo', 'latest', 'd'])
      await assert.rejects(tree.child(place, name), { code: 'not-found' }, name)
    }
    await assert.rejects(tree.find(['geo', 'by-digest', formatDigest('ab'.repeat(32) as Digest)]), {
      code: 'not-found',
    })
    await assert.rejects(tree.find(['geo', 'by-digest', 'latest']), { code: 'not-found' })
  })

  it('refuses places and tokens that it did not give', async () => {
    const file = (await tree.find(['geo', 'v1', 'a.txt'])) as TreeFile
    for (const change of [{ index: 99 }, { index: -1 }, { depth: 7 }, { index: 1, depth: 0 }, { index: 0.5 }])
      await assert.rejects(tree.at({ ...file.place, ...change }), { code: 'not-found' }, JSON.stringify(change))
    await assert.rejects(tree.list(file.place, { limit: 1 }), { code: 'not-found' })
    await assert.rejects(readAll(tree, { ...file, place: { ...file.place, index: 2, depth: 1 } }), {
      code: 'not-found',
    })
    const folder = (await tree.find(['geo', 'v1', 'd'])).place
    for (const after of ['x', '-1', '1e3', '0', '99', ' 2', '9'.repeat(17)])
      await assert.rejects(tree.list(folder, { after, limit: 1 }), { code: 'invalid' }, after)
    const dataset = (await tree.find(['geo'])).place
    await assert.rejects(tree.list(dataset, { after: '../x', limit: 1 }), { code: 'invalid' })
    await assert.rejects(tree.list({ level: 'root' }, { after: '@x/y', limit: 1 }), { code: 'invalid' })
  })

  it('follows a tag that moves, while what was found stays on its version', async () => {
    const { hub, tree } = await openTree()
    await push(hub, one, 'geo', 'latest')
    const file = (await tree.find(['geo', 'latest', 'a.txt'])) as TreeFile
    const folder = (await tree.find(['geo', 'latest'])) as TreeFolder
    await push(hub, two, 'geo', 'latest')
    assert.equal((await readAll(tree, file)).toString(), 'one')
    assert.deepEqual(await names(tree, folder.place), ['a.txt'])
    assert.deepEqual(await names(tree, fixed(folder)), ['a.txt', 'd.txt', 'd/', 'z'])
    const moved = (await tree.child(folder.place, 'a.txt')) as TreeFile
    assert.equal((await readAll(tree, moved)).toString(), 'two')
  })

  it('tells when a tag moves', async () => {
    const { hub } = await openTree()
    await push(hub, one, 'geo', 'latest')
    const tree = hubTrees(hub, undefined, { watchInterval: 1 })(ANONYMOUS)
    const seen: Digest[] = []
    for await (const tag of tree.watch({ dataset: 'geo' as DatasetName, tag: 'latest' as TagName })) {
      seen.push(tag.digest)
      if (seen.length === 2) break
      await push(hub, two, 'geo', 'latest')
    }
    assert.deepEqual(seen, [one.record.digest, two.record.digest])
  })

  it('shows a caller nothing of what they may not pull', async () => {
    const hidden = (dataset?: DatasetName) => dataset === 'secret' || dataset?.startsWith('@own/')
    const { hub, tree } = await openTree({
      mayPull: (_, dataset) => !hidden(dataset),
      check(_, action, dataset) {
        if (action === 'pull' && hidden(dataset)) throw new AetherError('not-found', 'There is no such dataset')
      },
    })
    for (const name of ['geo', 'secret', '@own/data']) await push(hub, one, name, 'latest')
    assert.deepEqual(await names(tree, { level: 'root' }), ['geo/'])
    const { place } = (await tree.find(['geo', 'latest', 'a.txt'])) as TreeFile
    const dataset = 'secret' as DatasetName
    await assert.rejects(tree.at({ ...place, dataset }), { code: 'not-found' })
    await assert.rejects(readAll(tree, { place: { ...place, dataset }, size: 1 } as TreeFile), { code: 'not-found' })
    for (const path of ['secret', 'secret/latest/a.txt', '@own', '@own/data', 'secret/by-digest'])
      await assert.rejects(tree.find(pathTo(path)), { code: 'not-found' }, path)
  })
})
