import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, stat, symlink, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { createFolderStorage } from './folder.ts'
import type { ListOptions } from './storage.ts'
import { testStorage } from './storage-suite.ts'
import { bytesOf, listAll, outcome, readText, times } from './suite-kit.fixture.ts'
import { temporaryRoots, writeForeign } from './temporary-roots.fixture.ts'
import { watchedFs } from './watched-fs.fixture.ts'

testStorage('folder storage', async () => {
  const root = await mkdtemp(join(tmpdir(), 'aetherfs-folder-'))
  return { storage: await createFolderStorage(root), cleanup: () => rm(root, { recursive: true }) }
})

const newRoot = temporaryRoots()
describe('folder storage: files', testFiles)
describe('folder storage: versions', testVersions)

function testFiles(): void {
  it('keeps an object as a file of its bytes, for the owner only', async () => {
    const root = newRoot()
    const storage = await createFolderStorage(root)
    await storage.put('a/@b/c+d', bytesOf('hello'))
    assert.equal(await readFile(join(root, 'a/@b/c+d'), 'utf8'), 'hello')
    const modes = await Promise.all(
      ['', 'a/@b', 'a/@b/c+d'].map(async (path) => (await stat(join(root, path))).mode & 0o777),
    )
    assert.deepEqual(modes, [0o700, 0o700, 0o600])
    assert.deepEqual(await readdir(join(root, '.tmp')), [])
  })

  it('goes on with what another process wrote', async () => {
    const root = newRoot()
    const put = await (await createFolderStorage(root)).put('a/b', bytesOf('x'))
    const again = await createFolderStorage(root)
    assert.deepEqual(await again.head('a/b'), put)
    await again.put('a/b', bytesOf('y'), { ifMatch: put.version })
  })

  it('shows none of its own files and nothing that is not a plain file with a proper name', async () => {
    const root = newRoot()
    const storage = await createFolderStorage(root)
    await storage.put('a/b', bytesOf('x'))
    await storage.delete('a/b') // so that there are a lock file, and an empty folder
    for (const path of ['.hidden', '.git/x', 'a/.swp', 'a/x\\y', '.tmp/rest']) await writeForeign(root, path, 'foreign')
    await symlink('/etc/hostname', join(root, 'a/link'))
    await symlink('/etc', join(root, 'folder-link'))
    assert.deepEqual(await listAll(storage, { prefix: '' }), [])
    assert.deepEqual(await listAll(storage, { prefix: '', delimiter: '/' }), [])
    assert.equal(await outcome(storage.get('a/link')), 'not-found')
    assert.equal(await storage.head('a/link'), undefined)
    await storage.delete('a/link')
    assert.equal((await readdir(join(root, 'a'))).includes('link'), true)
  })

  it('says that a key cannot be an object and a folder', async () => {
    const storage = await createFolderStorage(newRoot())
    await storage.put('a/b', bytesOf('x'))
    const calls = [{}, { ifAbsent: true }].flatMap((options) =>
      ['a', 'a/b/c'].map((key) => storage.put(key, bytesOf('y'), options)),
    )
    assert.deepEqual(
      await Promise.all(calls.map(outcome)),
      times(4, () => 'invalid'),
    )
    assert.equal(await outcome(storage.get('a')), 'not-found')
    assert.deepEqual(await listAll(storage, { prefix: '' }), ['a/b'])
  })

  it('makes a folder anew that somebody removed', async () => {
    const root = newRoot()
    const storage = await createFolderStorage(root)
    await storage.put('a/b/c', bytesOf('x'))
    await Promise.all(['a', '.tmp'].map((name) => rm(join(root, name), { recursive: true })))
    await storage.put('a/b/c', bytesOf('y'))
    assert.equal(await readText(storage, 'a/b/c'), 'y')
  })

  it('says so when the whole store was removed', async () => {
    const root = newRoot()
    const storage = await createFolderStorage(root)
    await rm(root, { recursive: true })
    await assert.rejects(storage.put('a/b/c', bytesOf('x')), {
      code: 'internal',
      message: /folder of the store.*was removed/,
    })
  })

  it('reads no folder that a page does not need', async () => {
    const root = newRoot()
    const read: string[] = []
    const fs = watchedFs({}, (name, path) => name.endsWith('dir') && read.push(path.slice(root.length + 1)))
    const storage = await createFolderStorage(root, { fs })
    for (const key of ['a/1', 'b/c/1', 'b/d/1', 'e/f/1', 'g/1']) await storage.put(key, bytesOf('x'))
    const reads = async (options: Omit<ListOptions, 'prefix'> & { prefix?: string }) => {
      read.length = 0
      await storage.list({ prefix: '', ...options })
      return read.filter((path) => path !== '')
    }
    assert.deepEqual(await reads({ limit: 1 }), ['a/', 'b/', 'b/c/'])
    assert.deepEqual(await reads({ prefix: 'b/d' }), ['b/', 'b/d/'])
    assert.deepEqual(await reads({ startAfter: 'b/d/0' }), ['b/', 'b/d/', 'e/', 'e/f/', 'g/'])
    assert.deepEqual(await reads({ delimiter: '/', startAfter: 'b/d/0' }), ['e/', 'e/f/', 'g/'])
    assert.deepEqual(await reads({ delimiter: '/', prefix: 'b/' }), ['b/', 'b/c/', 'b/d/'])
  })

  it('reads no more than 64 MiB at once', async () => {
    const root = newRoot()
    const storage = await createFolderStorage(root)
    await writeForeign(root, 'large', '')
    await truncate(join(root, 'large'), 3 * 2 ** 30)
    assert.equal((await storage.head('large'))?.size, 3 * 2 ** 30)
    assert.equal(await outcome(storage.get('large')), 'too-large')
    assert.equal(await outcome(storage.get('large', { range: { offset: 0, length: 2 ** 26 + 1 } })), 'too-large')
    const { bytes } = await storage.get('large', { range: { offset: 3 * 2 ** 30 - 5, length: 2 ** 40 } })
    assert.equal(bytes.length, 5)
  })
}

function testVersions(): void {
  it('gives every write a version of its own, though the clock stands still and inodes come again', async () => {
    const storage = await createFolderStorage(newRoot(), { now: () => 1_790_000_000_123 })
    const versions: string[] = []
    const inodes = new Set<string>()
    for (const n of times(60, (index) => index)) {
      const { version, modified } = await storage.put('a', bytesOf('same'))
      assert.equal(modified, 1_790_000_000_123)
      versions.push(version)
      inodes.add(version.split('-')[0] ?? '')
      if (n % 3 === 0) await storage.delete('a')
    }
    assert.equal(new Set(versions).size, 60)
  })

  it('refuses a file system that cuts times to the second', async () => {
    const fs = watchedFs({
      utimes: (call, [seconds]) => call(Math.floor(Number(seconds)), Math.floor(Number(seconds))),
    })
    const storage = await createFolderStorage(newRoot(), { fs })
    await assert.rejects(storage.put('a', bytesOf('x')), { code: 'internal', message: /keep times to the microsecond/ })
    assert.equal(await storage.head('a'), undefined)
  })
}
