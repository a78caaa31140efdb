import assert from 'node:assert/strict'
import { mkdir, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import type { FolderFs } from './folder/folder-fs.ts'
import { createFolderStorage } from './folder.ts'
import type { Storage } from './storage.ts'
import { bytesOf, outcome, readText, textOf } from './suite-kit.fixture.ts'
import { temporaryRoots } from './temporary-roots.fixture.ts'
import { type StandIn, watchedFs } from './watched-fs.fixture.ts'

const newRoot = temporaryRoots()
describe('folder storage: order of syncs', testSyncs)
describe('folder storage: failing disks', testFailures)

function testSyncs(): void {
  /** What was done, in order, with temporary files as "*" and without what changes nothing. */
  async function traceOf(
    root: string,
    work: (storage: Storage) => Promise<unknown>,
    prepare = async (_: Storage) => {},
  ) {
    const log: string[] = []
    const fs = watchedFs({}, (name, path) =>
      log.push(`${name} ${path.slice(root.length + 1).replace(/^\.tmp\/.*/, '*')}`.trim()),
    )
    const storage = await createFolderStorage(root, { fs })
    await prepare(storage)
    log.length = 0
    await work(storage)
    return log.filter((entry) => /^(write|utimes|sync|link|rename|unlink|close \*)/.test(entry))
  }
  const warm = async (storage: Storage) => void (await storage.put('a/b/first', bytesOf('x')))

  it('syncs the file before it gets its name, and the folder after', async () => {
    const log = await traceOf(newRoot(), (storage) => storage.put('a/b/c', bytesOf('x')), warm)
    assert.deepEqual(log, ['write *', 'utimes *', 'sync *', 'close *', 'link a/b/c', 'sync a/b', 'unlink *'])
  })

  it('does the same when it replaces', async () => {
    const log = await traceOf(newRoot(), (storage) => storage.put('a/b/first', bytesOf('y')), warm)
    const end = ['link a/b/first', 'rename a/b/first', 'sync a/b', 'unlink *']
    assert.deepEqual(log, ['write *', 'utimes *', 'sync *', 'close *', ...end])
  })

  it('syncs the folders above a new folder before anything lies in it', async () => {
    const log = await traceOf(newRoot(), (storage) => storage.put('a/b/c', bytesOf('x')))
    assert.deepEqual(log.slice(log.indexOf('close *') + 1), ['sync', 'sync a', 'link a/b/c', 'sync a/b', 'unlink *'])
  })

  it('syncs the folders above one that another process has just made', async () => {
    const root = newRoot()
    await mkdir(join(root, 'a/b'), { recursive: true })
    const log = await traceOf(root, (storage) => storage.put('a/b/c', bytesOf('x')))
    assert.deepEqual(log.slice(log.indexOf('close *') + 1), ['sync', 'sync a', 'link a/b/c', 'sync a/b', 'unlink *'])
  })

  it('syncs the folder before it says that an object is there already', async () => {
    const put = (storage: Storage) => outcome(storage.put('a/b/first', bytesOf('y'), { ifAbsent: true }))
    assert.deepEqual(await traceOf(newRoot(), put, warm), ['sync a/b'])
  })

  it('syncs the folder after a delete', async () => {
    assert.deepEqual(await traceOf(newRoot(), (storage) => storage.delete('a/b/first'), warm), [
      'unlink a/b/first',
      'sync a/b',
    ])
  })

  it('syncs the folders above the folder of the store when it makes it', async () => {
    const root = join(newRoot(), 'deeper', 'store')
    const synced: string[] = []
    await createFolderStorage(root, { fs: watchedFs({}, (name, path) => name === 'sync' && synced.push(path)) })
    assert.deepEqual(synced, [dirname(root), dirname(dirname(root)), dirname(dirname(dirname(root)))])
  })

  it('does without a sync of folders where the file system has none', async () => {
    const fs = watchedFs({ sync: (call, _, path) => (path.includes('.tmp/') ? call() : fail('EINVAL')) })
    const storage = await createFolderStorage(newRoot(), { fs })
    assert.equal(await outcome(storage.put('a', bytesOf('x'))), 'ok')
  })
}

function testFailures(): void {
  async function putOnto(root: string, fs: FolderFs): Promise<string> {
    await (await createFolderStorage(root)).put('a/b', bytesOf('old'))
    const storage = await createFolderStorage(root, { fs })
    const ended = await outcome(storage.put('a/b', bytesOf('new')))
    assert.equal(await readText(storage, 'a/b'), 'old')
    assert.deepEqual(await readdir(join(root, '.tmp')), [], 'the temporary file is gone')
    return ended
  }

  for (const call of ['write', 'utimes', 'sync', 'close', 'link', 'rename']) {
    for (const code of ['ENOSPC', 'EDQUOT']) {
      it(`says that the disk is full, and leaves what was there, when "${call}" finds ${code}`, async () => {
        assert.equal(await putOnto(newRoot(), watchedFs({ [call]: refusing(call, code) })), 'no-space')
      })
    }
  }

  it('goes on after a write of fewer bytes than asked, and after such a read', async () => {
    const few = (call: (...args: unknown[]) => unknown, args: unknown[]) =>
      call(args[0], args[1], Math.min(3, Number(args[2])), args[3])
    const storage = await createFolderStorage(newRoot(), { fs: watchedFs({ write: few, read: few }) })
    await storage.put('a', bytesOf('0123456789'))
    assert.equal(await readText(storage, 'a'), '0123456789')
    const { bytes } = await storage.get('a', { range: { offset: 1, length: 8 } })
    assert.equal(textOf(bytes), '12345678')
  })

  it('does not take a file that ends early for an object', async () => {
    const storage = await createFolderStorage(newRoot(), { fs: watchedFs({ read: async () => ({ bytesRead: 0 }) }) })
    await storage.put('a', bytesOf('x'))
    assert.equal(await outcome(storage.get('a')), 'integrity')
  })

  const explained: [code: string, as: string, message: RegExp][] = [
    ['EACCES', 'unavailable', /Cannot write "a": the file system does not permit it/],
    ['EROFS', 'unavailable', /read-only/],
    ['EIO', 'unavailable', /the disk failed/],
    ['EPERM', 'unavailable', /no hard links/],
    ['EXDEV', 'internal', /another file system/],
    ['EMFILE', 'unavailable', /too many files/],
    ['ESTALE', 'unavailable', /file server/],
  ]
  for (const [code, as, message] of explained) {
    it(`explains ${code}`, async () => {
      const storage = await createFolderStorage(newRoot(), { fs: watchedFs({ link: () => fail(code) }) })
      await assert.rejects(storage.put('a', bytesOf('x')), { code: as, message })
    })
  }

  it('does not take a failure to read for an object that is not there', async () => {
    const broken = () => fail('EIO')
    const fs = watchedFs({ open: broken, lstat: broken, readdir: broken })
    const root = newRoot()
    await createFolderStorage(root)
    const storage = await createFolderStorage(root, { fs })
    const calls = [
      storage.get('a'),
      storage.head('a'),
      storage.list({ prefix: '' }),
      storage.delete('a', { ifMatch: 'x' }),
    ]
    for (const call of calls) await assert.rejects(call, { code: 'unavailable', message: /the disk failed/ })
  })
}

/** Stands in for a call that finds the disk full; closing a file closes it all the same. */
function refusing(call: string, code: string): StandIn {
  return async (go, _, path) => {
    const isOfWrite = path.includes('/.tmp/') || call === 'link' || call === 'rename'
    if (!isOfWrite || call === 'close') await go()
    if (isOfWrite) fail(code)
  }
}

function fail(code: string): never {
  throw Object.assign(new Error(`${code}: injected`), { code })
}
