import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { until } from '../../../test/testing/until.fixture.ts'
import { openWorld, type WorldOptions } from '../../../test/testing/world.fixture.ts'
import { sampleBytes, sampleText } from '../../core/sample.fixture.ts'
import type { ReadableTree, TreeFile } from '../../dataset/tree/readable-tree.ts'
import type { OpenTree } from '../client.ts'
import { connect } from '../index.ts'

const big = Buffer.concat([sampleBytes(300_000, 'big'), sampleText(300_000, 'big')])

async function readFile(tree: ReadableTree, ...path: string[]): Promise<Buffer> {
  const file = (await tree.find(path)) as TreeFile
  const parts: Uint8Array[] = []
  for await (const part of tree.read(file.place, { offset: 0, length: file.size })) parts.push(part)
  return Buffer.concat(parts)
}

/** Every path of a tree, with what it is. */
async function everything(tree: ReadableTree, path: string[] = []): Promise<string[]> {
  const node = await tree.find(path)
  const line = `${node.kind} /${path.join('/')} ${node.kind === 'file' ? node.hash : ''}`
  if (node.kind !== 'folder') return [line]
  const { items } = await tree.list(node.place, { limit: 100 })
  const below = await Promise.all(items.map(({ node: child }) => everything(tree, [...path, child.name])))
  return [line, ...below.flat()]
}

async function worldWithData(options?: WorldOptions) {
  const world = await openWorld(options)
  await mkdir(world.at('data', 'sub'), { recursive: true })
  await writeFile(world.at('data', 'big.bin'), big)
  await writeFile(world.at('data', 'sub', 'a.txt'), 'first')
  await world.client.push(world.at('data'), ['geo:latest', 'geo:v1', '@maps/eu:latest'])
  return world
}

/** Closed before its folder goes. */
async function withTree<T>(opened: Promise<OpenTree>, use: (tree: OpenTree) => Promise<T>): Promise<T> {
  const tree = await opened
  try {
    return await use(tree)
  } finally {
    await tree.close()
  }
}

describe('client.tree', () => {
  it('shows what the hub itself shows, and reads every byte once over all runs of a program', async () => {
    await using world = await worldWithData()
    const atHub = await everything(world.hub.trees({ subject: 'anonymous' }))
    await withTree(world.client.tree(), async (tree) => {
      assert.deepEqual(await everything(tree), atHub)
      assert.ok((await readFile(tree, 'geo', 'latest', 'big.bin')).equals(big))
      assert.ok(tree.counts.misses > 0)
    })
    await withTree(world.client.tree(), async (tree) => {
      assert.ok((await readFile(tree, '@maps', 'eu', 'latest', 'big.bin')).equals(big))
      assert.equal(tree.counts.misses, 0)
    })
  })

  it('follows a tag, and tells when it moves', async () => {
    await using world = await worldWithData()
    await withTree(world.client.tree({ watchInterval: 1 }), async (tree) => {
      const old = (await tree.find(['geo', 'latest', 'sub', 'a.txt'])) as TreeFile
      const [tag] = await Array.fromAsync(world.client.tags('geo'))
      const moves = tree.watch({ dataset: 'geo' as never, tag: tag!.name })[Symbol.asyncIterator]()
      await moves.next()
      await writeFile(world.at('data', 'sub', 'a.txt'), 'second')
      await world.client.push(world.at('data'), ['geo:latest'])
      await moves.next()
      await moves.return?.()
      assert.equal((await readFile(tree, 'geo', 'latest', 'sub', 'a.txt')).toString(), 'second')
      const parts = await Array.fromAsync(tree.read(old.place, { offset: 0, length: old.size }))
      assert.equal(Buffer.concat(parts).toString(), 'first')
    })
  })

  it('promise 6: with the hub away shows and reads what it has, if it may, and names the cause of what it has not', async () => {
    await using world = await worldWithData()
    const cacheFolder = world.at('cache-of-tree')
    const warnings: string[] = []
    const onWarning = (text: string) => warnings.push(text)
    const client = connect({ host: world.hub.host, cacheFolder, retryForMs: 100, onWarning })
    const before = await withTree(client.tree(), async (tree) => {
      await readFile(tree, 'geo', 'latest', 'big.bin')
      return everything(tree)
    })
    await world.hub[Symbol.asyncDispose]()
    const next = connect({ host: world.hub.host, cacheFolder, retryForMs: 100, onWarning })
    await withTree(next.tree({ offlineOk: true }), async (tree) => {
      assert.deepEqual(await everything(tree), before)
      assert.ok((await readFile(tree, 'geo', 'v1', 'big.bin')).equals(big))
      await assert.rejects(tree.find(['other', 'latest']), { code: 'unavailable' })
      assert.match(warnings.join('\n'), /The hub .* is away, so what is kept of it is shown/)
      assert.equal(warnings.filter((text) => text.includes('what is kept')).length, 1)
    })
    await withTree(next.tree(), (tree) => assert.rejects(tree.find(['geo', 'latest']), { code: 'unavailable' }))
    for (const open of [client, next]) open.close()
  })

  it('does not keep on showing what the hub says is gone', async () => {
    await using world = await worldWithData({ retryForMs: 100 })
    await withTree(world.client.tree({ offlineOk: true }), async (tree) => {
      for (const tag of ['latest', 'v1']) await tree.find(['geo', tag])
      await world.client.deleteTag('geo:latest')
      await until(
        () =>
          tree.find(['geo', 'latest']).then(
            () => false,
            (error) => error.code === 'not-found',
          ),
        'the tag to be gone',
      )
      await world.hub[Symbol.asyncDispose]()
      await assert.rejects(tree.find(['geo', 'latest']), { code: 'unavailable' })
      assert.equal((await tree.find(['geo', 'v1'])).name, 'v1')
    })
  })
})
