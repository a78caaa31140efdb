import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { createProcessLock } from '../../storage/process-lock.ts'
import { createPulling } from './testing/pulling.fixture.ts'
import { shapeOfFolder, shapeOfTree, temporaryFolder } from './testing/trees.fixture.ts'
import { VERSIONS } from './testing/versions.fixture.ts'

const [TREE, OTHER] = VERSIONS

describe('pull into a plain folder', () => {
  it('delivers the files and nothing else, and leaves nothing beside it', async (t) => {
    const { hub, pull } = createPulling(t)
    const parent = temporaryFolder(t)
    await hub.publish('db:latest', TREE)
    const result = await pull('db', { output: join(parent, 'out') })
    assert.deepEqual(shapeOfFolder(join(parent, 'out')), shapeOfTree(TREE))
    assert.deepEqual(readdirSync(parent), ['out'])
    assert.equal(result.path, join(parent, 'out'))
    assert.equal(result.tag, 'latest')
  })

  it('takes an empty folder, and makes the folders above an absent one', async (t) => {
    const { hub, pull } = createPulling(t)
    const parent = temporaryFolder(t)
    await hub.publish('db:latest', TREE)
    mkdirSync(join(parent, 'empty'))
    await pull('db', { output: join(parent, 'empty') })
    await pull('db', { output: join(parent, 'deep/er/out'), include: ['small/'] })
    assert.deepEqual(shapeOfFolder(join(parent, 'empty')), shapeOfTree(TREE))
    assert.equal(readdirSync(join(parent, 'deep/er/out/small')).length, 30)
  })

  it('refuses anything else before it asks the hub, with a hint', async (t) => {
    const { hub, pull } = createPulling(t)
    const parent = temporaryFolder(t)
    hub.onRecord = () => assert.fail('asked')
    await hub.publish('db:latest', TREE)
    mkdirSync(join(parent, 'full/sub'), { recursive: true })
    mkdirSync(join(parent, 'empty'))
    writeFileSync(join(parent, 'file'), '')
    symlinkSync('empty', join(parent, 'link'))
    for (const name of ['full', 'file', 'link']) {
      await assert.rejects(pull('db', { output: join(parent, name) }), (error: { code: string; hint: string }) => {
        return error.code === 'conflict' && error.hint.length > 0
      })
    }
    assert.deepEqual(readdirSync(parent).sort(), ['empty', 'file', 'full', 'link'])
  })

  it('goes on where it was, also with another version', async (t) => {
    const { hub, pull, sentBytes } = createPulling(t)
    const parent = temporaryFolder(t)
    const output = join(parent, 'out')
    await hub.publish('db:latest', TREE)
    const sync = async () => {
      throw new Error('interrupted')
    }
    await assert.rejects(pull('db', { output, sync }), /interrupted/)
    assert.equal(existsSync(output), false)
    await hub.publish('db:latest', OTHER)
    sentBytes()
    await pull('db', { output })
    assert.deepEqual(shapeOfFolder(output), shapeOfTree(OTHER))
    assert.ok(sentBytes() < 3_000_000)
    assert.deepEqual(readdirSync(parent), ['out'])
  })

  it('clears away what a pull left that was killed when all but that was done', async (t) => {
    const { hub, pull } = createPulling(t)
    const parent = temporaryFolder(t)
    const [output, incoming] = [join(parent, 'out'), join(parent, '.out.aetherfs-incoming')]
    await hub.publish('db:latest', TREE)
    await pull('db', { output })
    mkdirSync(join(incoming, 'files'), { recursive: true })
    const lock = createProcessLock(join(incoming, 'lock'))
    const again = () => assert.rejects(pull('db', { output }), { code: 'conflict' })
    await lock.run(again) // another pull is at it
    assert.ok(existsSync(incoming))
    await again()
    assert.deepEqual(readdirSync(parent), ['out'])
  })

  it('finds whole what a pull put there that was killed just then, and nothing else', async (t) => {
    const { hub, pull, sentBytes } = createPulling(t)
    const parent = temporaryFolder(t)
    const [output, incoming] = [join(parent, 'out'), join(parent, '.out.aetherfs-incoming')]
    const leave = () => {
      mkdirSync(incoming)
      writeFileSync(join(incoming, 'lock'), '')
    }
    await hub.publish('db:latest', TREE)
    await pull('db', { output })
    leave()
    sentBytes()
    const planned = await pull('db', { output, dryRun: true })
    assert.ok(planned.unchanged && existsSync(incoming))
    const again = await pull('db', { output })
    assert.deepEqual([again.unchanged, again.path, again.blockRequests], [true, output, planned.blockRequests])
    assert.deepEqual(readdirSync(parent), ['out'])
    assert.deepEqual(shapeOfFolder(output), shapeOfTree(TREE))

    leave()
    await createProcessLock(join(incoming, 'lock')).run(async () => {
      await assert.rejects(pull('db', { output }), { code: 'conflict', message: /is not empty$/ })
    })
    writeFileSync(join(output, 'mine'), '')
    await assert.rejects(pull('db', { output }), { code: 'conflict', message: /"mine" is no part of it/ })
    assert.deepEqual(readdirSync(parent), ['out'])
    rmSync(join(output, 'mine'))
    leave()
    await hub.publish('db:latest', OTHER)
    await assert.rejects(pull('db', { output }), {
      code: 'conflict',
      message: /is not empty, and not .*db.*: ".*" is /,
    })
  })

  it('leaves what tells of it when the hub is away', async (t) => {
    const { hub, pull } = createPulling(t)
    const parent = temporaryFolder(t)
    const [output, incoming] = [join(parent, 'out'), join(parent, '.out.aetherfs-incoming')]
    await hub.publish('db:latest', TREE)
    await pull('db', { output, include: ['small/'] })
    mkdirSync(incoming)
    hub.onRecord = () => {
      throw new Error('away')
    }
    await assert.rejects(pull('db', { output, include: ['small/'] }), /away/)
    hub.onRecord = (bytes) => bytes
    assert.equal((await pull('db', { output, include: ['small/'] })).unchanged, true)
    assert.equal(existsSync(incoming), false)
  })

  it('lets one of several pulls into the same folder win', async (t) => {
    const { hub, pull } = createPulling(t)
    const parent = temporaryFolder(t)
    await hub.publish('db:latest', TREE)
    const output = join(parent, 'out')
    const results = await Promise.allSettled([1, 2, 3].map(() => pull('db', { output })))
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
    assert.deepEqual(shapeOfFolder(output), shapeOfTree(TREE))
    assert.deepEqual(readdirSync(parent), ['out'])
  })

  it('writes nothing in a dry run', async (t) => {
    const { hub, pull } = createPulling(t)
    const parent = temporaryFolder(t)
    await hub.publish('db:latest', TREE)
    const planned = await pull('db', { output: join(parent, 'a/b'), dryRun: true })
    assert.deepEqual(readdirSync(parent), [])
    const done = await pull('db', { output: join(parent, 'a/b') })
    assert.equal(planned.downloadedBytes, done.downloadedBytes)
  })
})
