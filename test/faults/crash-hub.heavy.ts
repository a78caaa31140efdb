// A hub over a folder that is killed before, in and after its calls of the store and of the file system, while tags are
// pushed, moved, rolled back and removed. What was answered holds, tags point to whole snapshots, and a hub that is started on
// the same folder brings the rest to its end.
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { describe, it } from 'node:test'
import { type Client, connect } from '../../src/client/index.ts'
import { sha256Hex } from '../../src/core/id.ts'
import { createFolderStorage } from '../../src/storage/folder.ts'
import { codeOf } from '../testing/codes.fixture.ts'
import { startHub } from '../testing/hub.fixture.ts'
import { type Outcome, startProgram } from '../testing/program.fixture.ts'
import { createRandom, randomBytesOf } from '../testing/random.fixture.ts'
import { type StepPlan, stepEnv } from '../testing/steps/step-plan.fixture.ts'
import { checkTagsComplete, listStore, storedTags } from '../testing/stored.fixture.ts'
import { type TemporaryFolder, temporaryFolder } from '../testing/temporary-folder.fixture.ts'
import { file, type Tree, treeOf, writeTree } from '../testing/tree.fixture.ts'
import { until } from '../testing/until.fixture.ts'
import { type Attempt, attemptAll } from './steps/attempts.fixture.ts'
import { makeHome, workInMemory } from './steps/home.fixture.ts'
import { createKills } from './steps/kills.fixture.ts'

workInMemory()

const HUB = new URL('../testing/steps/stepped-hub.fixture.ts', import.meta.url).pathname
const KiB = 1024
const ONE: Tree = { 'a.txt': file('one'), 'same.bin': file(randomBytesOf(300 * KiB, 'same')) }
const TWO: Tree = { ...ONE, 'a.txt': file('two'), 'b.bin': file(randomBytesOf(200 * KiB, 'two')) }

/** Tags of "geo", each with the version that it points to. */
type Tags = Record<string, 'one' | 'two'>

interface Deed {
  do(client: Client): Promise<unknown>
  /** All tags, once it is done. */
  after: Tags
  /** What it ends with when it was done before. @default it succeeds, and changes nothing */
  again?: string
}

function deedsIn(at: TemporaryFolder['at']): Deed[] {
  return [
    { do: (client) => client.push(at('one'), ['geo:live', 'geo:v1']), after: { live: 'one', v1: 'one' } },
    { do: (client) => client.push(at('two'), ['geo:live', 'geo:v2']), after: { live: 'two', v1: 'one', v2: 'two' } },
    { do: (client) => client.tag('geo:v1', 'geo:old'), after: { live: 'two', old: 'one', v1: 'one', v2: 'two' } },
    {
      do: (client) => client.rollBack('geo:live'),
      after: { live: 'one', old: 'one', v1: 'one', v2: 'two' },
      again: 'conflict',
    },
    {
      do: (client) => client.tag('geo:v2', 'geo:live'),
      after: { live: 'two', old: 'one', v1: 'one', v2: 'two' },
    },
    { do: (client) => client.deleteTag('geo:old'), after: { live: 'two', v1: 'one', v2: 'two' }, again: 'not-found' },
  ]
}
/** What the log has in the end, newest first: nothing is missing, and nothing is there twice. */
const LOG = [
  'delete old',
  'tag live',
  'rollback live',
  'tag old',
  'push live',
  'push v2',
  'push live',
  'push v1',
]

it('a hub that is killed', async () => {
  await using folder = await temporaryFolder()
  await writeTree(folder.at('one'), ONE)
  await writeTree(folder.at('two'), TWO)
  const random = createRandom()
  console.log(`seed ${random.seed}`)
  await attemptAll((name) => openAttempt(folder, name), random, createKills())
})

async function openAttempt(folder: TemporaryFolder, name: string): Promise<Attempt> {
  const home = folder.at(name)
  const store = `${home}/store`
  const cacheFolder = `${home}/cache`
  const deeds = deedsIn(folder.at)
  let done = 0
  makeHome(home)

  async function run(plan: StepPlan): Promise<Outcome> {
    const hub = startProgram([store], { home, main: HUB, env: stepEnv({ store }, plan) })
    let isOver = false
    void hub.outcome.then(() => (isOver = true))
    await until(() => isOver || hub.stdout().includes('\n'), 'the hub')
    if (!isOver) await doAll(hub.stdout().trim().replace('http://', ''))
    if (done === deeds.length) hub.process.kill('SIGTERM')
    const outcome = await hub.outcome
    return outcome.signal === 'SIGTERM' ? { ...outcome, exit: 0 } : outcome
  }

  async function doAll(host: string): Promise<void> {
    const client = connect({ host, cacheFolder, retryForMs: 0 })
    for (; done < deeds.length; done++) if ((await codeOf(deeds[done]!.do(client))) !== 'done') break
    client.close()
  }

  return {
    run,
    async inspect({ exit, signal, stderr }) {
      assert.ok(exit === 0 || signal === 'SIGKILL', stderr)
    },
    async repeat() {},
    [Symbol.asyncDispose]: async () => {},
  }
}
