import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readPackageInfo } from './package-info.ts'
import { createTestWorld } from './testing/test-world.fixture.ts'

describe('aetherfs version', () => {
  const { version } = readPackageInfo()

  it('prints the version', async () => {
    const world = createTestWorld()
    assert.equal(await world.run('--version'), 0)
    assert.equal(world.stdout.text(), `aetherfs ${version}\n`)
  })

  it('prints that of Node too with --json', async () => {
    const world = createTestWorld()
    await world.run('version', '--json')
    assert.deepEqual(JSON.parse(world.stdout.text()), {
      version,
      node: process.versions.node,
      platform: `${process.platform}-${process.arch}`,
    })
  })

  it('answers with a broken configuration too', async () => {
    assert.equal(await createTestWorld({ env: { AETHERFS_CONFIG: '/nowhere/at/all' } }).run('version'), 0)
  })
})
