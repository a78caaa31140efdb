// kill -9 of who pushes, of the hub and of who pulls, at random moments; then the same command again completes. Promises 1
// to 4 hold all the time.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { cli } from '../testing/cli.fixture.ts'
import { randomBytesOf } from '../testing/random.fixture.ts'
import { changeDatabase, makeDataSet } from '../testing/samples.fixture.ts'
import { file, treeOf, writeTree } from '../testing/tree.fixture.ts'
import { type FaultWorld, openFaultWorld, type PullJson, type PushJson } from './fault-world.fixture.ts'

interface Span {
  /** Milliseconds within which the next blow falls. */
  get(): number
  /** Whether the last blow came in time. */
  tell(hit: boolean): void
}

/** How long a command takes differs from machine to machine, so the blows find it out: about every second one hits. */
function createSpan(): Span {
  let span = 600
  return {
    get: () => Math.round(span),
    tell: (hit) => {
      span = Math.min(4000, Math.max(120, span * (hit ? 1.2 : 0.7)))
    },
  }
}

/** The next version of a data set, in the same folder. */
async function makeVersion(world: FaultWorld, version: number): Promise<void> {
  if (version === 0) await makeDataSet(world.at('source'), { rows: 3000, files: 40 })
  else changeDatabase(world.at('source/places.sqlite'), 50 + version, version)
  await writeTree(world.at('source'), { [`new/${version}.bin`]: file(randomBytesOf(400_000, version)) })
}

/** What the consumer sees. */
function live(world: FaultWorld): Promise<string[]> {
  return treeOf(world.at('target/geo/live/'))
}

async function begin(): Promise<FaultWorld> {
  const world = await openFaultWorld()
  await makeVersion(world, 0)
  await world.succeeds<PushJson>('push', world.at('source'), '-t', 'geo:live')
  await world.succeeds<PullJson>('pull', world.at('target'), 'geo:live')
  return world
}

describe('kill -9', () => {
  it('of who pushes: nothing is half there, and the same push completes', async () => {
    await using world = await begin()
    let killed = 0
    const span = createSpan()
    for (let round = 1; round <= 20; round++) {
      await makeVersion(world, round)
      const push = ['push', world.at('source'), '-t', 'geo:live', '-t', `geo:v${round}`]
      for (let tries = world.random.int(1, 2); tries > 0; tries--) {
        const { signal, exit, stderr } = await world.runAndKill(span.get(), ...push)
        span.tell(signal === 'SIGKILL')
        if (signal === 'SIGKILL') killed++
        else assert.equal(exit, 0, stderr)
        await world.checkTags()
      }
      const { digest } = await world.succeeds<PushJson>(...push)
      const pulled = await world.succeeds<PullJson>('pull', world.at('target'), 'geo:live')
      assert.equal(pulled.digest, digest)
      assert.deepEqual(await live(world), await treeOf(world.at('source')), `round ${round}`)
    }
    console.log(`${killed} pushes were killed`)
    assert.ok(killed > 5)
  })

  it('of the hub: pushes and pulls end with 8, and complete when it is back', async () => {
    await using world = await begin()
    let interrupted = 0
    const spans = { push: createSpan(), pull: createSpan() }
    for (let round = 1; round <= 16; round++) {
      const before = await live(world)
      await makeVersion(world, round)
      const after = await treeOf(world.at('source'))
      for (const command of [
        ['push', world.at('source'), '-t', 'geo:live'],
        ['pull', world.at('target'), 'geo:live'],
      ]) {
        const program = world.start(...command)
        const span = command[0] === 'push' ? spans.push : spans.pull
        const moment = world.random.int(50, span.get())
        await new Promise((resolve) => setTimeout(resolve, moment))
        await world.killHub()
        const { exit, stderr } = await program.outcome
        assert.ok(exit === 0 || exit === 8, `round ${round}: ${exit} ${stderr}`)
        span.tell(exit === 8)
        if (exit === 8) interrupted++
        const seen = JSON.stringify(await live(world))
        assert.ok([before, after].map((tree) => JSON.stringify(tree)).includes(seen), `round ${round}, ${command[0]}`)
        await world.checkTags()
        await world.reviveHub()
        await world.succeeds(...command)
      }
      assert.deepEqual(await live(world), after, `round ${round}`)
    }
    console.log(`${interrupted} commands were interrupted`)
    assert.ok(interrupted > 3)
  })

  it('of who pulls: the folder is always one whole version, and the same pull completes', async () => {
    await using world = await begin()
    let killed = 0
    const span = createSpan()
    for (let round = 1; round <= 20; round++) {
      const before = JSON.stringify(await live(world))
      await makeVersion(world, round)
      const after = JSON.stringify(await treeOf(world.at('source')))
      await world.succeeds<PushJson>('push', world.at('source'), '-t', 'geo:live')
      const pull = ['pull', world.at('target'), 'geo:live', '--keep', String(world.random.int(0, 2))]
      for (let tries = world.random.int(1, 3); tries > 0; tries--) {
        const { signal, exit, stderr } = await world.runAndKill(span.get(), ...pull)
        span.tell(signal === 'SIGKILL')
        if (signal === 'SIGKILL') killed++
        else assert.equal(exit, 0, stderr)
        assert.ok([before, after].includes(JSON.stringify(await live(world))), `round ${round}`)
      }
      await world.succeeds<PullJson>(...pull)
      assert.equal(JSON.stringify(await live(world)), after, `round ${round}`)
      const verified = await cli(['verify', world.at('target')], { host: world.host, home: world.folder.path })
      assert.equal(verified.exit, 0, verified.stderr)
    }
    console.log(`${killed} pulls were killed`)
    assert.ok(killed > 5)
  })
})
