// The main job with a hub whose store is in S3.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { connect } from '../src/client/index.ts'
import { hardened } from '../src/storage/hardened.ts'
import { startHubProcess } from './testing/hub-process.fixture.ts'
import { runProgram } from './testing/program.fixture.ts'
import { createRandom, newSeed } from './testing/random.fixture.ts'
import { FAULTS } from './testing/s3/faults.fixture.ts'
import { openS3 } from './testing/s3/open-s3.fixture.ts'
import { startS3 } from './testing/s3/start-s3.fixture.ts'
import { changeDatabase, makeDatabase } from './testing/samples.fixture.ts'
import { temporaryFolder } from './testing/temporary-folder.fixture.ts'
import { file, treeOf, writeTree } from './testing/tree.fixture.ts'
import { openWorld } from './testing/world.fixture.ts'

describe('a hub with its store in S3', () => {
  it('takes and gives datasets, at few requests', async () => {
    await using s3 = await startS3()
    await using world = await openWorld({ storage: await openS3(s3, { prefix: 'hub' }) })
    const { client, at } = world
    makeDatabase(at('source/places.db'), 5000, 1)
    s3.requests = {}
    await client.push(at('source'), ['geo:latest'])
    assert.deepEqual(s3.requests.PutObject, 4) // block, record, log entry, tag
    await client.pull(at('target'), ['geo:latest'])
    assert.deepEqual(await treeOf(at('target/geo/latest/')), await treeOf(at('source')))

    changeDatabase(at('source/places.db'), 100, 2)
    s3.requests = {}
    await client.push(at('source'), ['geo:latest'])
    assert.deepEqual(s3.requests.PutObject, 4)
    await client.pull(at('target'), ['geo:latest'])
    assert.deepEqual(await treeOf(at('target/geo/latest/')), await treeOf(at('source')))
  })

  it('loses nothing to a service that refuses, breaks off and does what it says it did not', async (t) => {
    const seed = newSeed()
    t.diagnostic(`seed ${seed}`)
    const random = createRandom(seed)
    const bad = [FAULTS.conflict(), FAULTS.slowDown(0), FAULTS.internalError(), FAULTS.commitThenFail()]
    bad.push(FAULTS.reset(), FAULTS.commitThenReset(), FAULTS.truncate(3))
    await using s3 = await startS3()
    const retries = { policy: { attempts: 12, firstDelay: 2, maxDelay: 10 } }
    await using world = await openWorld({ storage: hardened(await openS3(s3), { remote: true, retries }) })
    s3.faults = () => (random.next() < 0.2 ? random.pick(bad) : undefined)
    for (const version of ['v1', 'v2', 'v3']) {
      await writeTree(world.at('source'), { [version]: file(version), 'same.txt': file('same') })
      await world.client.push(world.at('source'), [`geo:${version}`, 'geo:latest'])
      await world.client.pull(world.at('target'), ['geo:latest'])
      assert.deepEqual(await treeOf(world.at('target/geo/latest/')), await treeOf(world.at('source')))
    }
    s3.faults = undefined
    const tags = await Array.fromAsync(world.client.tags('geo'), ({ name }) => name)
    assert.deepEqual(tags.sort(), ['latest', 'v1', 'v2', 'v3'])
  })

  it('is started with the URL of the store and credentials in the environment', async () => {
    await using s3 = await startS3()
    await using folder = await temporaryFolder()
    await writeTree(folder.at('source'), { 'a.txt': file('one') })
    const start = () => startHubProcess({ store: s3.urlOf('a/b'), home: folder.at(), env: s3.env })
    const client = connect({ cacheFolder: folder.at('cache') })
    await using hub = await start()
    await client.push(folder.at('source'), [`${hub.host}/geo:v1`])
    assert.equal(await hub.stop(), 0)
    assert.doesNotMatch(hub.program.stderr(), /test-secret/)
    await using other = await start()
    await client.pull(folder.at('target'), [`${other.host}/geo:v1`])
    assert.deepEqual(await treeOf(folder.at('target/geo/v1/')), await treeOf(folder.at('source')))
    client.close()
  })

  it('does not start on a service where other hubs would not be noticed, unless there are none', async () => {
    await using folder = await temporaryFolder()
    await using s3 = await startS3({ conditional: false })
    const args = ['run', '--listen', '127.0.0.1:0', '--storage', s3.url]
    const refused = await runProgram(args, { home: folder.at(), env: s3.env })
    assert.equal(refused.exit, 2)
    assert.match(refused.stderr, /"s3:\/\/bucket\/": .*\nhint: .*--single-writer/)
    const env = { ...s3.env, AETHERFS_RUN_SINGLE_WRITER: 'true' }
    await using hub = await startHubProcess({ store: s3.url, home: folder.at(), env })
    assert.equal(await hub.stop(), 0)
  })
})
