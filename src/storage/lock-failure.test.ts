import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import { mountSmallDisk, noSmallDisk } from '../../test/testing/small-disk.fixture.ts'
import { AetherError, toAetherError } from '../core/errors.ts'
import { explain } from './folder/explain.ts'
import { createFolderStorage } from './folder.ts'
import { lockFailure } from './lock-failure.ts'
import { createProcessLock } from './process-lock.ts'
import { bytesOf } from './suite-kit.fixture.ts'
import { temporaryRoots } from './temporary-roots.fixture.ts'

const failed = (errcode: number) => Object.assign(new Error('of SQLite'), { errcode })

describe('lockFailure', () => {
  const folder = temporaryRoots()()
  before(() => mkdir(folder))

  it('is what the same failure of another file is, in a store and elsewhere', async () => {
    const path = join(folder, 'lock')
    for (const [errcode, inStore, elsewhere] of [
      [10, 'unavailable', 'internal'],
      [10 | (15 << 8), 'unavailable', 'internal'], // SQLITE_IOERR_LOCK
      [13, 'no-space', 'no-space'],
    ] as const) {
      const error = lockFailure(path, failed(errcode))
      const [stored, other] = [explain(error, 'Cannot write "key"'), toAetherError(error)]
      assert.deepEqual([stored.code, other.code], [inStore, elsewhere])
      assert.ok(stored.hint && other.hint)
      assert.match(other.message, /^The disk .*: Cannot lock ".*lock": /)
    }
  })

  it('leaves a defect of the file or of SQLite what it is, and nothing beside it', async () => {
    const own = join(folder, 'own')
    await mkdir(own)
    await writeFile(join(own, 'lock'), '')
    for (const errcode of [8, 14, 26, 1]) {
      const error = lockFailure(join(own, 'lock'), failed(errcode))
      assert.ok(error instanceof AetherError && error.code === 'internal', `${errcode}`)
    }
    assert.deepEqual(await readdir(own), ['lock'])
  })
})

describe('the lock on a disk that takes nothing', { skip: noSmallDisk() ?? false }, () => {
  const folder = temporaryRoots()()
  before(() => mkdir(folder))

  it('that is read-only: unavailable in a store, with what to do', async () => {
    using disk = mountSmallDisk(join(folder, 'read-only'), 1)
    const storage = await createFolderStorage(join(disk.path, 'store'))
    const { version } = await storage.put('a', bytesOf('x'))
    await storage.put('a', bytesOf('y'), { ifMatch: version }) // makes the file of the lock
    disk.protect(true)
    await assert.rejects(storage.delete('a'), { code: 'unavailable', hint: /^Mount it for writing/ })
    await assert.rejects(
      createProcessLock(join(disk.path, 'other')).run(async () => {}),
      { code: 'EROFS' },
    )
    await storage.close()
  })

  it('that is full: no space', async () => {
    using disk = mountSmallDisk(join(folder, 'full'), 1)
    execFileSync('mount', ['-o', 'remount,nr_inodes=1', disk.path]) // which is its root
    await assert.rejects(
      createProcessLock(join(disk.path, 'lock')).run(async () => {}),
      { code: 'ENOSPC' },
    )
  })
})
