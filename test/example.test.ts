// What examples/ shows has to work.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { follow, publish } from '../examples/read-sqlite.ts'
import { verifyFolder } from '../src/client/pull/verify-folder.ts'
import { openWorld } from './testing/world.fixture.ts'

const run = promisify(execFile)

describe('examples/read-sqlite.ts', () => {
  it('reads each version of a database that it follows, and leaves it as it was delivered', async () => {
    await using world = await openWorld()
    using source = new DatabaseSync(world.at('source.sqlite'))
    source.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (1)')
    const references = ['numbers:latest', 'numbers:v1']
    await publish(world.client, source, references)

    const seen: number[] = []
    const enough = new AbortController()
    const folder = world.at('consumer')
    const options = { folder, intervalMs: 10, signal: enough.signal }
    await follow(world.newClient(), 'numbers:latest', options, async (database) => {
      seen.push((database.prepare('SELECT sum(n) AS sum FROM t').get() as { sum: number }).sum)
      assert.throws(() => database.exec('DELETE FROM t'), /readonly/)
      if (seen.length === 2) return enough.abort()
      source.exec('INSERT INTO t VALUES (2)')
      await publish(world.client, source, ['numbers:latest'])
    })
    assert.deepEqual(seen, [1, 3])

    const { ok, versions } = await verifyFolder(folder)
    assert.deepEqual([ok, versions.length], [true, 1])
  })

  it('runs as it says', async () => {
    await using world = await openWorld()
    const program = join(import.meta.dirname, '../examples/read-sqlite.ts')
    const env = { ...process.env, AETHERFS_HOST: world.hub.host, XDG_CACHE_HOME: world.at('cache') }
    const { stdout } = await run(process.execPath, [program], { env })
    assert.match(stdout, /^tea costs 350 cents in [0-9a-f]{12}\ntea costs 370 cents in [0-9a-f]{12}\n$/)
  })
})
