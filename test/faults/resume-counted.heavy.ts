// What pushes and pulls cost that are killed again and again: the bytes on the wire are counted, not those that a program says
// it sent. A push sends each block once, and those again that were under way; a pull fetches what is missing, and again what
// was fetched and not yet written.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type CountingProxy, startCountingProxy } from '../testing/counting-proxy.fixture.ts'
import { startProgram } from '../testing/program.fixture.ts'
import { randomBytesOf } from '../testing/random.fixture.ts'
import { file, treeOf, writeTree } from '../testing/tree.fixture.ts'
import { openWorld, type TestWorld } from '../testing/world.fixture.ts'
import { workInMemory } from './steps/home.fixture.ts'

workInMemory()

const MB = 1_000_000
const ALL_BYTES = 100 * MB
/** Heads of requests, records, tails and the like. */
const OTHER_BYTES = 2 * MB
/** A block, and what a connection holds of the next one. */
const BLOCK = 18 * MB
/** What a pull has fetched and not yet written: three windows of 8 MiB, in ranges that may be longer by frames of others. */
const AHEAD = 32 * MB

/** Runs the command until it succeeds, and kills it whenever `space` bytes have passed; answers how often. */
async function runAndKill(world: TestWorld, proxy: CountingProxy, space: number, args: string[]): Promise<number> {
  const env = { AETHERFS_HOST: proxy.host }
  for (let kills = 0; ; kills++) {
    const program = startProgram(args, { home: world.folder.path, env })
    const from = proxy.sent() + proxy.received()
    proxy.onBytes = () => proxy.sent() + proxy.received() - from > space && program.process.kill('SIGKILL')
    const { exit, signal, stderr } = await program.outcome
    if (exit === 0) return kills
    assert.equal(signal, 'SIGKILL', stderr)
    assert.ok(kills < 50, 'it makes no headway')
  }
}

async function openLargeWorld(): Promise<TestWorld> {
  const world = await openWorld()
  await writeTree(world.at('source'), {
    'one.bin': file(randomBytesOf(ALL_BYTES / 2, 'one')),
    'two.bin': file(randomBytesOf(ALL_BYTES / 2, 'two')),
  })
  return world
}

describe('100 MB that are killed again and again', () => {
  for (const concurrency of [1, 3]) {
    it(`of a push, ${concurrency} blocks at once: none is sent again but those under way`, async () => {
      await using world = await openLargeWorld()
      await using proxy = await startCountingProxy(world.hub.host)
      const args = ['push', world.at('source'), '-t', 'large:v1', '--concurrency', String(concurrency)]
      const kills = await runAndKill(world, proxy, 20 * MB * concurrency, args)
      console.log(`${kills} kills; ${proxy.sent()} bytes were sent`)
      assert.ok(kills > 0)
      assert.ok(proxy.sent() <= ALL_BYTES + OTHER_BYTES + kills * concurrency * BLOCK)
      const [pulled] = await world.newClient().pull(world.at('target'), ['large:v1'])
      assert.deepEqual(await treeOf(`${pulled!.path}/`), await treeOf(world.at('source')))
    })
  }

  it('of a pull: nothing is fetched again that was written', async () => {
    await using world = await openLargeWorld()
    await world.client.push(world.at('source'), ['large:v1'])
    await using proxy = await startCountingProxy(world.hub.host)
    const kills = await runAndKill(world, proxy, 40 * MB, ['pull', world.at('target'), 'large:v1'])
    console.log(`${kills} kills; ${proxy.received()} bytes were fetched`)
    assert.ok(kills > 1)
    assert.ok(proxy.received() <= ALL_BYTES + OTHER_BYTES + kills * AHEAD)
    assert.deepEqual(await treeOf(world.at('target/large/v1/')), await treeOf(world.at('source')))
  })
})
