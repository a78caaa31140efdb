// File systems that are read-only, as those are that were found damaged: of the hub, of who pulls, of who pushes. What needs no
// writing works, the rest says why not, and the same command completes once they can be written to again.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { describe, it } from 'node:test'
import { createFolderStorage } from '../../src/storage/folder.ts'
import { cli } from '../testing/cli.fixture.ts'
import { openCliWorld } from '../testing/cli-world.fixture.ts'
import { startHub } from '../testing/hub.fixture.ts'
import { mountSmallDisk, noSmallDisk } from '../testing/small-disk.fixture.ts'
import { checkTagsComplete, listStore } from '../testing/stored.fixture.ts'
import { temporaryFolder } from '../testing/temporary-folder.fixture.ts'
import { file, treeOf, writeTree } from '../testing/tree.fixture.ts'

const skip = noSmallDisk() ?? false

describe('a read-only file system', { skip }, () => {
  it('of who pulls: the old version stays, and what is up to date is found so', async () => {
    await using world = await openCliWorld()
    using disk = mountSmallDisk(world.at('disk'), 64)
    const target = `${disk.path}/target`
    await writeTree(world.at('one'), { 'a.txt': file('one') })
    await writeTree(world.at('two'), { 'a.txt': file('two') })
    await world.succeeds('push', world.at('one'), '-t', 'geo')
    await world.succeeds('pull', target, 'geo')
    disk.protect(true)
    await world.succeeds('pull', target, 'geo')
    await world.succeeds('push', world.at('two'), '-t', 'geo')
    await world.fails(1, /Cannot lock ".*target.*": it cannot be (opened|written)\nhint: .*writ/, 'pull', target, 'geo')
    await world.fails(
      1,
      /The file system is read-only: .*plain.*\nhint: Mount it/,
      'pull',
      '-o',
      `${disk.path}/plain`,
      'geo',
    )
    await world.fails(1, /The file system is read-only: .*new.*\nhint: Mount it/, 'pull', `${disk.path}/new`, 'geo')
    assert.deepEqual(await treeOf(`${target}/geo/latest/`), await treeOf(world.at('one')))
    await world.succeeds('verify', target)
    disk.protect(false)
    assert.ok(!existsSync(`${disk.path}/plain`))
    await world.succeeds('pull', target, 'geo')
    assert.deepEqual(await treeOf(`${target}/geo/latest/`), await treeOf(world.at('two')))
  })

  it('of the hub: it delivers, and says that it cannot take anything', async () => {
    await using folder = await temporaryFolder()
    using disk = mountSmallDisk(folder.at('disk'), 64)
    await writeTree(folder.at('one'), { 'a.txt': file('one') })
    await writeTree(folder.at('two'), { 'a.txt': file('two') })
    const open = () => createFolderStorage(`${disk.path}/store`)
    const run = (host: string, ...argv: string[]) => cli(argv, { host, home: folder.path })
    {
      await using hub = await startHub({ storage: await open() })
      assert.equal((await run(hub.host, 'push', folder.at('one'), '-t', 'geo')).exit, 0)
    }
    disk.protect(true)
    {
      const storage = await open()
      await using hub = await startHub({ storage })
      const before = await listStore(storage)
      assert.equal((await run(hub.host, 'pull', folder.at('target'), 'geo')).exit, 0)
      for (const argv of [
        ['push', folder.at('two'), '-t', 'geo'],
        ['tag', 'geo', 'geo:old'],
        ['rm', 'geo:latest'],
      ]) {
        const { exit, stderr } = await run(hub.host, ...argv)
        assert.equal(exit, 8, stderr)
        assert.match(stderr, /^aetherfs: .*The hub's store does not answer\nhint: /)
        assert.ok(!stderr.includes(disk.path), stderr)
      }
      assert.deepEqual(await listStore(storage), before)
      await checkTagsComplete(storage)
    }
    disk.protect(false)
    await using hub = await startHub({ storage: await open() })
    assert.equal((await run(hub.host, 'push', folder.at('two'), '-t', 'geo')).exit, 0)
  })

  it('under the cache and the source of who pushes does not stand in the way', async () => {
    await using world = await openCliWorld()
    using disk = mountSmallDisk(world.at('disk'), 64)
    await writeTree(`${disk.path}/source`, { 'a.txt': file('one') })
    disk.protect(true)
    for (const tag of ['v1', 'v2']) {
      const argv = ['push', `${disk.path}/source`, '-t', `geo:${tag}`]
      const { exit, stderr } = await cli(argv, { host: world.hub.host, home: disk.path })
      assert.equal(exit, 0, stderr)
      assert.match(stderr, /The file system is read-only/)
    }
    assert.deepEqual(await world.tags(), ['geo:v1', 'geo:v2'])
  })
})
