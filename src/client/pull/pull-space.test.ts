import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import type { Tree } from './testing/memory-hub.fixture.ts'
import { createPulling } from './testing/pulling.fixture.ts'
import { file, noise, shapeOfFolder, shapeOfTree } from './testing/trees.fixture.ts'

const MIB = 1024 * 1024

const SMALL: Tree = { a: file('a'), 'b.bin': file(noise(1, MIB)) }
const LARGE: Tree = {
  ...SMALL,
  ...Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`many/${i}`, file(noise(i + 5, 40_000))])),
  'large.bin': file(noise(2, 6 * MIB)),
}

/** A file system of its own, or undefined where this user may not mount one. */
function tinyFileSystem(t: TestContext, size: string): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'aetherfs-disk-'))
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder])
  t.after(() => {
    if (mounted.status === 0) execFileSync('umount', ['-l', folder])
    rmdirSync(folder)
  })
  if (mounted.status !== 0) return undefined
  return folder
}

describe('pull with little room', () => {
  it('is refused before anything is fetched when the files would not fit, saying what is needed', async (t) => {
    const { hub, pull, sentBytes, target } = createPulling(t)
    await hub.publish('db:latest', LARGE)
    await pull('db', { include: ['a'] })
    sentBytes()
    const statfs = () => ({ bavail: 1000, bsize: 4096 })
    const refused = { code: 'no-space', message: /has 3\.9 MiB free, and 25\.0 MiB are needed/ }
    await assert.rejects(pull('db', { statfs }), refused)
    assert.ok(sentBytes() < 10_000) // listing and tails at most
    assert.deepEqual(Object.keys(shapeOfFolder(join(target, 'db/latest/'))), ['a'])
  })

  it('counts only what has to be written', async (t) => {
    const { hub, pull } = createPulling(t)
    await hub.publish('db:latest', LARGE)
    await pull('db')
    await hub.publish('db:latest', { ...LARGE, tiny: file('tiny') })
    const statfs = () => ({ bavail: 17 * MIB, bsize: 1 })
    const { linkedFiles } = await pull('db', { statfs })
    assert.equal(linkedFiles, Object.keys(LARGE).length)
  })

  it('leaves the old version in place when the disk fills up, and goes on when there is room', async (t) => {
    const disk = tinyFileSystem(t, '7m')
    if (disk === undefined) return t.skip('no file system of its own to be had')
    const { hub, pull, sentBytes } = createPulling(t)
    const target = join(disk, 'target')
    await hub.publish('db:latest', SMALL)
    const statfs = () => ({ bavail: 1e9, bsize: 4096 }) // other programs take the room only afterwards
    await pull('db', { target, statfs })
    await hub.publish('db:latest', LARGE)
    await assert.rejects(pull('db', { target, statfs }), { code: 'no-space' })
    assert.deepEqual(shapeOfFolder(join(target, 'db/latest/')), shapeOfTree(SMALL))
    sentBytes()
    execFileSync('mount', ['-o', 'remount,size=30m', disk])
    const result = await pull('db', { target, statfs })
    assert.deepEqual(shapeOfFolder(`${result.path}/`), shapeOfTree(LARGE))
    assert.ok(sentBytes() < 5 * MIB, 'what had arrived was kept')
  })

  it('survives a disk that is full from the first byte', async (t) => {
    const disk = tinyFileSystem(t, '64k')
    if (disk === undefined) return t.skip('no file system of its own to be had')
    const { hub, pull } = createPulling(t)
    mkdirSync(join(disk, 'target'))
    writeFileSync(join(disk, 'ballast'), noise(1, 64 * 1024 - 4096 * 6))
    await hub.publish('db:latest', LARGE)
    const statfs = () => ({ bavail: 1e9, bsize: 4096 })
    await assert.rejects(pull('db', { target: join(disk, 'target'), statfs }), { code: 'no-space' })
    assert.equal(existsSync(join(disk, 'target/db')), false)
    rmSync(join(disk, 'ballast'))
  })
})
