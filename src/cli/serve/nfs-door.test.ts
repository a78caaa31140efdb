import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { until } from '../../protocols/server.fixture.ts'
import { createTestWorld } from '../testing/test-world.fixture.ts'

function run(...argv: string[]) {
  const world = createTestWorld()
  const ended = world.run('run', '--storage', 'memory:', '--listen', '127.0.0.1:0', ...argv)
  return { world, ended }
}

describe('aetherfs run --nfs', () => {
  it('prints the address for NFS behind the other one, and ends with the hub', async () => {
    const { world, ended } = run('--nfs', '127.0.0.1:0', '--log-level', 'silent')
    await until(() => world.stdout.text().split('\n').length > 2)
    assert.match(world.stdout.text(), /^http:\/\/127\.0\.0\.1:\d+\nnfs:\/\/127\.0\.0\.1:\d+\n$/)
    world.signal('SIGTERM')
    assert.equal(await ended, 0)
  })

  it('has the address in its JSON', async () => {
    const { world, ended } = run('--nfs', '127.0.0.1:0', '--log-level', 'silent', '--json')
    await until(() => world.stdout.text().includes('\n'))
    assert.match(JSON.parse(world.stdout.text()).nfsUrl, /^nfs:\/\/127\.0\.0\.1:\d+$/)
    world.signal('SIGTERM')
    assert.equal(await ended, 0)
  })

  it('refuses what is not safe or makes no sense', async () => {
    for (const [argv, message] of [
      [['--nfs', '0.0.0.0:0'], /everybody who reaches it could read everything\nhint: Limit it with --nfs-allow/],
      [['--nfs', '127.0.0.1:0', '--nfs-path', 'short'], /Cannot use a path for NFS/],
      [['--nfs', '0.0.0.0:0', '--nfs-allow', '10.0.0.0/8,x'], /Cannot take "x" as an address/],
      [['--nfs-allow', '10.0.0.0/8'], /There are limits for NFS, and no NFS/],
      [['--nfs', '2049'], /Cannot listen on "2049"/],
    ] as const) {
      const { world, ended } = run(...argv)
      assert.equal(await ended, 2)
      assert.match(world.stderr.text(), message)
    }
  })
})
