import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { createPulling } from './testing/pulling.fixture.ts'
import { file, noise, shapeOfFolder, shapeOfTree } from './testing/trees.fixture.ts'
import { VERSIONS } from './testing/versions.fixture.ts'

describe('pulls at the same time into one target', () => {
  it('build one version once, whatever the number of tags', async (t) => {
    const { hub, pull, target, sentBytes } = createPulling(t)
    const tags = ['a', 'b', 'c', 'd']
    for (const tag of tags) await hub.publish(`db:${tag}`, VERSIONS[0])
    await pull('db:a', { dryRun: true })
    sentBytes()
    const results = await Promise.all(tags.map((tag) => pull(`db:${tag}`)))
    const size = results[0]!.bytes
    assert.ok(sentBytes() < size * 1.2)
    for (const tag of tags) assert.deepEqual(shapeOfFolder(join(target, `db/${tag}/`)), shapeOfTree(VERSIONS[0]))
    assert.equal(results.filter(({ blockRequests }) => blockRequests > 0).length, 1)
  })

  it('do not disturb each other when they are of different versions', async (t) => {
    const { hub, pull, target, own } = createPulling(t)
    const trees = Array.from({ length: 6 }, (_, i) => ({ ...VERSIONS[i % 2]!, more: file(noise(i + 1, 100_000)) }))
    for (const [i, tree] of trees.entries()) await hub.publish(`db:v${i}`, tree)
    await Promise.all(trees.map((_, i) => pull(`db:v${i}`, { keep: 0 })))
    for (const [i, tree] of trees.entries()) {
      assert.deepEqual(shapeOfFolder(join(target, `db/v${i}/`), false), shapeOfTree(tree, false))
    }
    assert.equal(readdirSync(own('snapshots')).length, 6)
    assert.deepEqual(readdirSync(own('incoming')), [])
  })

  it('leave the link on one of the versions when they race for it', async (t) => {
    const { hub, pull, target, own } = createPulling(t)
    await hub.publish('db:latest', VERSIONS[0])
    const first = pull('db', { keep: 0 })
    await hub.publish('db:latest', VERSIONS[1])
    await Promise.all([first, pull('db', { keep: 0 }), pull('db', { keep: 0 })])
    const { path } = await pull('db', { keep: 0 })
    assert.deepEqual(shapeOfFolder(`${path}/`, false), shapeOfTree(VERSIONS[1], false))
    assert.equal(readdirSync(own('snapshots')).length, 1)
    assert.equal(path, join(target, 'db/latest'))
  })
})
