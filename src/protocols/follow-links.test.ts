import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { file, type Tree } from '../../test/testing/tree.fixture.ts'
import { AetherError } from '../core/errors.ts'
import { openDoors } from './doors.fixture.ts'
import { findThroughLinks, foldersOf, followLink, isByDigest } from './follow-links.ts'

const chain = (length: number): Tree =>
  Object.fromEntries(
    Array.from({ length }, (_, i) => [`chain/${i}`, { kind: 'link', target: i === 0 ? '../a' : `${i - 1}` } as const]),
  )

const world = await openDoors()
await world.push('geo:v1', {
  a: file('a'),
  'd/e/f': file('f'),
  'd/up': { kind: 'link', target: '..' },
  'd/e/over': { kind: 'link', target: '../../d/./e//f' },
  folder: { kind: 'link', target: 'd/e' },
  ring: { kind: 'link', target: 'gnir' },
  gnir: { kind: 'link', target: 'ring' },
  'through-a-file': { kind: 'link', target: 'a/b' },
  ...chain(50),
})
await world.push('@team/geo:v1', { a: file('scoped') })
const tree = world.hub.trees({ subject: 'anonymous' })
const find = (path: string) => findThroughLinks(tree, path.split('/').filter(Boolean))
const hashAt = async (path: string) => {
  const { node } = await find(path)
  return node.kind === 'file' ? node.hash : node.name
}

describe('findThroughLinks', () => {
  it('finds what the tree finds, on every level', async () => {
    for (const path of ['', 'geo', '@team', '@team/geo', 'geo/by-digest', 'geo/v1', 'geo/v1/d/e'])
      assert.equal((await find(path)).node.name, path.split('/').at(-1), path)
    const { digest } = await world.client.resolve('geo:v1')
    assert.equal(await hashAt(`geo/by-digest/sha256:${digest}/a`), await hashAt('geo/v1/a'))
    assert.notEqual(await hashAt('@team/geo/v1/a'), await hashAt('geo/v1/a'))
  })

  it('follows links to files and folders, in the middle of a path too', async () => {
    for (const path of ['d/e/over', 'folder/f', 'folder/over', 'd/up/d/up/folder/f'])
      assert.equal(await hashAt(`geo/v1/${path}`), await hashAt('geo/v1/d/e/f'), path)
  })

  it('follows forty links and no more', async () => {
    assert.equal(await hashAt('geo/v1/chain/39'), await hashAt('geo/v1/a'))
    await assert.rejects(find('geo/v1/chain/40'), { code: 'not-found' })
  })

  it('finds nothing behind rings, files, and names that are none', async () => {
    const paths = [
      'geo/v1/ring',
      'geo/v1/through-a-file',
      'geo/v1/a/b',
      'geo/v1/../v1/d/../../..',
      'geo/v2',
      'none/v1/a',
      '@x/y',
    ]
    for (const path of paths)
      await assert.rejects(find(path), (error) => error instanceof AetherError && error.code === 'not-found', path)
  })

  it('knows the folders above, for links that go on from there', async () => {
    const { node, above } = await find('geo/v1/folder')
    assert.deepEqual([node.name, above.length, foldersOf({ node, above }).length], ['e', 2, 3])
    const link = await tree.find(['geo', 'v1', 'd', 'e', 'over'])
    assert.ok(link.kind === 'link')
    assert.equal((await followLink(tree, link, foldersOf({ node, above })))?.node.name, 'f')
  })

  it('knows the paths where nothing can ever change', async () => {
    const { node } = await find('geo/v1/a')
    assert.ok(!isByDigest(['geo', 'v1', 'a'], node))
    assert.ok(isByDigest(['geo', 'by-digest', 'sha256:…', 'a'], node))
  })
})
