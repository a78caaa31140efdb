import assert from 'node:assert/strict'
import fs, {
  appendFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import type { Source, SourceListing } from '../source.ts'
import { createFolderSource } from './folder-source.ts'
import {
  aetherError,
  makeTree,
  noise,
  readAll,
  readersOf,
  run,
  TAKE_ALL,
  type Tree,
  temporaryFolder,
} from './sources.fixture.ts'
import { walkFolder } from './walk.ts'

const MIB = 1024 * 1024
const CHANGED = (path: string) =>
  aetherError('source', `"${path}" changed while it was read\nhint: Push again when nothing writes to it`)

async function open(t: TestContext, tree: Tree): Promise<{ root: string; source: Source; listing: SourceListing }> {
  const root = makeTree(temporaryFolder(t), tree)
  const listing = await walkFolder(root, TAKE_ALL)
  return { root, source: createFolderSource(root, 'folder'), listing }
}

/** The first reader of a source. */
async function firstReader(source: Source, listing: SourceListing) {
  const readers = readersOf(source, listing)[Symbol.asyncIterator]()
  const { value } = await readers.next()
  return { reader: value!, done: () => readers.return?.() }
}

describe('createFolderSource', () => {
  it('refuses what changed between the walk and the reading', async (t) => {
    const changes: ((path: string) => void)[] = [
      (path) => writeFileSync(path, 'yyy'),
      (path) => appendFileSync(path, 'more'),
      (path) => truncateSync(path, 1),
      (path) => truncateSync(path, 0),
      (path) => unlinkSync(path),
      (path) => utimesSync(path, 1, 1),
      (path) => {
        unlinkSync(path)
        mkdirSync(path)
      },
      (path) => {
        renameSync(path, `${path}2`)
        symlinkSync(`${path}2`, path)
      },
      (path) => {
        writeFileSync(`${path}2`, 'xxx')
        renameSync(`${path}2`, path)
      },
      (path) => {
        unlinkSync(path)
        run('mkfifo', [path])
      },
    ]
    for (const change of changes) {
      const { root, source, listing } = await open(t, { 'd/x': 'xxx' })
      change(join(root, 'd/x'))
      await assert.rejects(readAll(source, listing), CHANGED('d/x'), String(change))
    }
  })

  it('does not go through a folder that was swapped for a link', async (t) => {
    const { root, source, listing } = await open(t, { 'd/x': 'xxx' })
    const other = makeTree(temporaryFolder(t), { x: 'xxx' })
    rmSync(join(root, 'd'), { recursive: true })
    symlinkSync(other, join(root, 'd'))
    await assert.rejects(readAll(source, listing), CHANGED('d/x'))
  })

  it('refuses a large file that changes while it is read', async (t) => {
    for (const change of [(path: string) => appendFileSync(path, 'x'), (path: string) => truncateSync(path, 2 * MIB)]) {
      const { root, source, listing } = await open(t, { big: noise(3 * MIB, 1) })
      const { reader } = await firstReader(source, listing)
      assert.equal((await reader.read())!.bytes.length, MIB)
      change(join(root, 'big'))
      await assert.rejects(async () => {
        while (await reader.read());
      }, CHANGED('big'))
    }
  })

  it('gives no byte of a large file that changed before', async (t) => {
    const { root, source, listing } = await open(t, { big: noise(3 * MIB, 1) })
    appendFileSync(join(root, 'big'), 'x')
    const { reader } = await firstReader(source, listing)
    await assert.rejects(reader.read(), CHANGED('big'))
  })

  it('looks again at a file that it leaves by skipping', async (t) => {
    const { root, source, listing } = await open(t, { big: noise(3 * MIB, 1) })
    const { reader } = await firstReader(source, listing)
    await reader.read()
    appendFileSync(join(root, 'big'), 'x')
    assert.throws(() => reader.skip(2 * MIB), CHANGED('big'))
  })

  it('says when a file may not be read', async (t) => {
    const { root, source, listing } = await open(t, { x: 'x' })
    const real = fs.openSync
    t.mock.method(fs, 'openSync', (path: string, ...rest: [number]) => {
      if (path === join(root, 'x')) throw Object.assign(new Error('no'), { code: 'EACCES' })
      return real(path, ...rest)
    })
    syncBuiltinESMExports()
    t.after(() => {
      t.mock.restoreAll()
      syncBuiltinESMExports()
    })
    await assert.rejects(readAll(source, listing), aetherError('source', 'Cannot read "x": permission denied'))
  })

  it('skips to any byte without opening what it passes', async (t) => {
    const files = { a: noise(100, 1), b: noise(200, 2), c: noise(300, 3) }
    const { root, source, listing } = await open(t, files)
    const { reader } = await firstReader(source, listing)
    unlinkSync(join(root, 'a'))
    reader.skip(150)
    const piece = await reader.read()
    assert.deepEqual({ place: piece!.place, last: piece!.last }, { place: 1, last: true })
    assert.deepEqual(Buffer.from(piece!.bytes), files.b.subarray(50))
    reader.skip(300)
    assert.equal(await reader.read(), undefined)
    assert.throws(() => reader.skip(1), RangeError)
  })

  it('closes what it opened when a reader is given up', { skip: process.platform !== 'linux' }, async (t) => {
    const { source, listing } = await open(t, { big: noise(3 * MIB, 1) })
    const before = fs.readdirSync('/proc/self/fd').length
    const { reader, done } = await firstReader(source, listing)
    await reader.read()
    assert.equal(fs.readdirSync('/proc/self/fd').length, before + 1)
    await done()
    assert.equal(fs.readdirSync('/proc/self/fd').length, before)
  })

  it('stops when it is asked to', async (t) => {
    const { source, listing } = await open(t, { x: 'x' })
    const control = new AbortController()
    for await (const reader of readersOf(source, listing, control.signal)) {
      control.abort()
      await assert.rejects(reader.read(), { name: 'AbortError' })
    }
  })
})
