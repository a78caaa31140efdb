import assert from 'node:assert/strict'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { createPulling } from './testing/pulling.fixture.ts'
import { file, noise, temporaryFolder } from './testing/trees.fixture.ts'

const tree = (n: number) => ({ same: file(noise(1, 200_000)), [`v${n}`]: file(noise(n + 10, 100_000)) })

describe('pull removes old versions', () => {
  for (const keep of [0, 1, 2]) {
    it(`but for the ${keep} that were replaced last`, async (t) => {
      const { hub, pull, own } = createPulling(t)
      const digests: string[] = []
      const removed: number[] = []
      for (let n = 0; n < 5; n++) {
        digests.push(await hub.publish('db:latest', tree(n)))
        removed.push((await pull('db', { keep })).removedVersions)
      }
      const expected = digests.slice(4 - keep).sort()
      assert.deepEqual(readdirSync(own('snapshots')).sort(), expected)
      assert.deepEqual(readdirSync(own('records')).sort(), expected)
      assert.deepEqual(readdirSync(own('trash')), [])
      assert.equal(
        removed.reduce((sum, n) => sum + n, 0),
        4 - keep,
      )
    })
  }

  it('counts a version that was switched back to as replaced when it was replaced again', async (t) => {
    const { hub, pull, own } = createPulling(t)
    const a = await hub.publish('db:latest', tree(1))
    await pull('db', { keep: 2 })
    await hub.publish('db:latest', tree(2))
    await pull('db', { keep: 2 })
    await hub.publish('db:latest', tree(1))
    await pull('db', { keep: 2 })
    const c = await hub.publish('db:latest', tree(3))
    await pull('db', { keep: 1 })
    assert.deepEqual(readdirSync(own('snapshots')).sort(), [a, c].sort())
  })

  it('never what a link points to, in any dataset', async (t) => {
    const { hub, pull, own, target } = createPulling(t)
    for (let n = 0; n < 3; n++) await hub.publish(`@acme/db:v${n}`, tree(n))
    for (let n = 0; n < 3; n++) await pull(`@acme/db:v${n}`, { keep: 0 })
    await hub.publish('other:latest', tree(9))
    await pull('other', { keep: 0 })
    assert.equal(readdirSync(own('snapshots')).length, 4)
    rmSync(join(target, '@acme/db/v1'))
    await hub.publish('other:latest', tree(8))
    assert.equal((await pull('other', { keep: 0 })).removedVersions, 2)
    assert.equal(readdirSync(own('snapshots')).length, 3)
    for (const name of ['@acme/db/v0/v0', '@acme/db/v2/v2', 'other/latest/v8'])
      assert.ok(existsSync(join(target, name)))
  })

  it('with their tails, once these are a day old, and not those that others use', async (t) => {
    const { hub, pull, own } = createPulling(t)
    await hub.publish('db:latest', tree(1))
    await pull('db')
    const old = readdirSync(own('tails'))
    await hub.publish('db:latest', { new: file(noise(50, 300_000)) })
    for (const name of old) utimesSync(own('tails', name), 1, 1)
    await pull('db', { keep: 0 })
    const rest = readdirSync(own('tails'))
    assert.equal(rest.length, 1)
    assert.equal(old.includes(rest[0]!), false)
  })

  it('and what killed processes left, without following links', async (t) => {
    const { hub, pull, own } = createPulling(t)
    const elsewhere = temporaryFolder(t)
    writeFileSync(join(elsewhere, 'precious'), 'gold')
    await hub.publish('db:latest', tree(1))
    await pull('db')
    mkdirSync(own('trash', 'half'))
    symlinkSync(elsewhere, own('trash', 'half', 'link'))
    symlinkSync(elsewhere, own('trash', 'link'))
    symlinkSync('nowhere', own('incoming', '.link-0123'))
    writeFileSync(own('records', '.half-written'), '')
    utimesSync(own('records', '.half-written'), 1, 1)
    await hub.publish('db:latest', tree(2))
    await pull('db')
    assert.equal(readFileSync(join(elsewhere, 'precious'), 'utf8'), 'gold')
    assert.deepEqual(readdirSync(own('trash')), [])
    assert.deepEqual(readdirSync(own('incoming')), [])
    assert.equal(readdirSync(own('records')).length, 2)
  })

  it('and leaves alone what is not its own', async (t) => {
    const { hub, pull, own, target } = createPulling(t)
    await hub.publish('db:latest', tree(1))
    await pull('db')
    mkdirSync(join(target, 'db/mine'))
    writeFileSync(join(target, 'db/mine/file'), '')
    mkdirSync(join(target, 'Not A Dataset/x/y/z'), { recursive: true })
    mkdirSync(own('snapshots', 'not-a-version'))
    await hub.publish('db:latest', tree(2))
    await pull('db', { keep: 0 })
    assert.ok(existsSync(join(target, 'db/mine/file')))
    assert.ok(existsSync(join(target, 'Not A Dataset/x/y/z')))
    assert.ok(existsSync(own('snapshots', 'not-a-version')))
  })
})
