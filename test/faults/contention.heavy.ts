// Several processes push to one tag at the same time, through two hubs over one store.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { connect, type LogEntry } from '../../src/client/index.ts'
import { startHubProcess } from '../testing/hub-process.fixture.ts'
import { file, writeTree } from '../testing/tree.fixture.ts'
import { type FaultWorld, openFaultWorld } from './fault-world.fixture.ts'

const PUSHERS = 5
const ROUNDS = 6

describe('several who push', () => {
  it('to one tag: each move has one winner, and the log is a chain', async () => {
    await using world = await openFaultWorld()
    await using second = await startHubProcess({ store: world.at('store'), home: world.folder.path })
    const done: string[] = []
    let lost = 0
    for (let round = 0; round < ROUNDS; round++) {
      const names = Array.from({ length: PUSHERS }, (_, i) => `round-${round}-pusher-${i}`)
      const outcomes = await Promise.all(
        names.map((name, i) => push(world, name, i % 2 === 0 ? '' : `${second.host}/`)),
      )
      for (const [i, { exit, stderr }] of outcomes.entries()) {
        assert.ok(exit === 0 || exit === 6, `${names[i]}: ${exit} ${stderr}`)
        if (exit === 0) done.push(names[i]!)
        else lost++
      }
      assert.ok(
        outcomes.some(({ exit }) => exit === 0),
        'somebody wins each round',
      )
      await world.checkTags()
    }
    console.log(`${done.length} pushes won and ${lost} lost`)
    const log = await readLog(second.host, world)
    assert.deepEqual(log.map(({ reason }) => reason).toSorted(), done.toSorted())
    for (const [i, { from }] of log.entries()) assert.equal(from, log[i + 1]?.to)
  })

  it('the same version at once: all succeed with the same digest', async () => {
    await using world = await openFaultWorld()
    await writeTree(world.at('source'), { a: file('the same for all') })
    const outcomes = await Promise.all(
      Array.from({ length: PUSHERS }, () => world.run('push', world.at('source'), '-t', 'geo:v1')),
    )
    assert.deepEqual(
      outcomes.map(({ exit }) => exit),
      new Array(PUSHERS).fill(0),
      outcomes.map((o) => o.stderr).join(),
    )
    assert.equal(new Set(outcomes.map(({ stdout }) => stdout)).size, 1)
  })

  it('different bytes as the same version at once: exactly one succeeds', async () => {
    await using world = await openFaultWorld()
    const outcomes = await Promise.all(
      Array.from({ length: PUSHERS }, async (_, i) => {
        await writeTree(world.at(`source-${i}`), { a: file(`that of ${i}`) })
        return world.run('push', world.at(`source-${i}`), '-t', 'geo:v1')
      }),
    )
    assert.deepEqual(outcomes.map(({ exit }) => exit).toSorted(), [0, ...new Array(PUSHERS - 1).fill(6)])
  })

  it('and several who pull into one folder at once: all succeed', async () => {
    await using world = await openFaultWorld()
    await writeTree(world.at('source'), { a: file('a'), b: file(Buffer.alloc(3_000_000, 'b')) })
    assert.equal((await world.run('push', world.at('source'), '-t', 'geo:v1', '-t', 'geo')).exit, 0)
    const references = ['geo:v1', 'geo', 'geo:v1', 'geo']
    const outcomes = await Promise.all(references.map((reference) => world.run('pull', world.at('target'), reference)))
    assert.deepEqual(
      outcomes.map(({ exit }) => exit),
      [0, 0, 0, 0],
      outcomes.map((o) => o.stderr).join(),
    )
    assert.equal((await world.run('verify', world.at('target'))).exit, 0)
  })
})

async function push(world: FaultWorld, name: string, host: string) {
  await writeTree(world.at(name), { 'name.txt': file(name) })
  return world.run('push', world.at(name), '-t', `${host}geo:live`, '-m', name)
}

/** Newest first. */
async function readLog(host: string, world: FaultWorld): Promise<LogEntry[]> {
  const client = connect({ host, cacheFolder: world.at('cache-of-the-reader') })
  const log = await Array.fromAsync(client.log('geo:live'))
  client.close()
  return log
}
