import assert from 'node:assert/strict'
import { mkdir, readdir, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { sha256Hex } from '../core/id.ts'
import { startFixture } from './child-process.fixture.ts'
import { processSpace } from './folder/temporary-files.ts'
import { createFolderStorage } from './folder.ts'
import type { Storage } from './storage.ts'
import { bytesOf, listAll, outcome, readText, textOf, times } from './suite-kit.fixture.ts'
import { temporaryRoots, writeForeign } from './temporary-roots.fixture.ts'
import { watchedFs } from './watched-fs.fixture.ts'

const newRoot = temporaryRoots()
describe('folder storage: left-over files', testLeftOvers)
describe('folder storage: processes', testProcesses)

function testLeftOvers(): void {
  async function left(names: Record<string, { hoursOld: number }>): Promise<string[]> {
    const root = newRoot()
    for (const [name, { hoursOld }] of Object.entries(names)) {
      await writeForeign(root, `.tmp/${name}`, 'rest')
      const time = Date.now() / 1000 - hoursOld * 3600
      await utimes(join(root, '.tmp', name), time, time)
    }
    await createFolderStorage(root)
    return (await readdir(join(root, '.tmp'))).sort()
  }

  it('removes at once what a dead process of this machine left', async () => {
    const dead = startFixture('hold-lock.fixture.ts', [`${newRoot()}-no-folder/lock`])
    await dead.kill()
    const space = await processSpace()
    const name = (pid: number) => `${space}-${pid}-0123456789abcdef`
    assert.deepEqual(await left({ [name(dead.pid)]: { hoursOld: 0 }, [name(process.pid)]: { hoursOld: 0 } }), [
      name(process.pid),
    ])
  })

  it('keeps for a day what a process of another machine may be writing', async () => {
    const name = (random: string) => `0123456789abcdef-4194305-${random.repeat(16)}`
    assert.deepEqual(await left({ [name('a')]: { hoursOld: 23 }, [name('b')]: { hoursOld: 25 } }), [name('a')])
  })

  it('removes after a day whatever else lies there, but no folders', async () => {
    const root = newRoot()
    await mkdir(join(root, '.tmp/folder'), { recursive: true })
    await utimes(join(root, '.tmp/folder'), 1, 1)
    await createFolderStorage(root)
    assert.deepEqual(await readdir(join(root, '.tmp')), ['folder'])
    assert.deepEqual(await left({ young: { hoursOld: 1 }, old: { hoursOld: 30 } }), ['young'])
  })
}

function testProcesses(): void {
  it('lets nobody change or remove an object between the check of a version and the swap', async () => {
    const root = newRoot()
    const other = await createFolderStorage(root, { lockTimeout: 0 })
    const { version: ifMatch } = await other.put('a', bytesOf('before'))
    const outcomes: string[] = []
    const meddle = async () => {
      outcomes.push(await outcome(other.put('a', bytesOf('plain'))))
      outcomes.push(await outcome(other.put('a', bytesOf('match'), { ifMatch })))
      outcomes.push(await outcome(other.put('a', bytesOf('absent'), { ifAbsent: true })))
      outcomes.push(await outcome(other.delete('a')), await outcome(other.delete('a', { ifMatch })))
    }
    const fs = watchedFs({ rename: async (go) => meddle().then(() => go()) })
    await (await createFolderStorage(root, { fs })).put('a', bytesOf('after'), { ifMatch })
    assert.deepEqual(outcomes, ['unavailable', 'unavailable', 'conflict', 'unavailable', 'unavailable'])
    assert.equal(await readText(other, 'a'), 'after')
  })

  it('loses no update of processes that compare and swap', async () => {
    const root = newRoot()
    const storage = await createFolderStorage(root)
    await storage.put('count', bytesOf('0000'))
    await Promise.all(times(4, () => startFixture('increment.fixture.ts', [root, '30']).rest()))
    assert.equal(await readText(storage, 'count'), '0120')
  })

  it('lets exactly one of two processes create an object', async () => {
    const root = newRoot()
    const children = ['one', 'two'].map((name) => ({
      name,
      ...startFixture('create-many.fixture.ts', [root, '60', name]),
    }))
    for (const child of children) assert.equal((await child.lines.next()).value, 'ready')
    for (const child of children) child.go()
    const storage = await createFolderStorage(root)
    const won: string[] = []
    for (const { name, rest } of children) {
      for (const key of await rest()) {
        won.push(key)
        assert.equal(await readText(storage, key), name)
      }
    }
    assert.deepEqual(won.sort(), times(60, (n) => `k${n}`).sort())
  })

  it('leaves whole objects and a free lock when a process is killed while it writes', async () => {
    const root = newRoot()
    for (const lines of [1, 20, 41]) {
      await writeUntilKilled(root, lines)
      const storage = await createFolderStorage(root, { lockTimeout: 0 })
      const keys = await listAll(storage, { prefix: '' })
      assert.ok(keys.length > 0)
      for (const key of keys) await checkWhole(storage, key)
      assert.deepEqual(await readdir(join(root, '.tmp')), [], 'what it left is gone')
    }
  })
}

async function writeUntilKilled(root: string, lines: number): Promise<void> {
  const child = startFixture('put-forever.fixture.ts', [root])
  for (let read = 0; read < lines; read++) await child.lines.next()
  await child.kill()
}

async function checkWhole(storage: Storage, key: string): Promise<void> {
  const { info, bytes } = await storage.get(key)
  const text = textOf(bytes)
  assert.equal(sha256Hex(text.slice(65)), text.slice(0, 64))
  await storage.put(key, bytes, { ifMatch: info.version })
}
