// Disks that fail in the middle of a pull, a push or a hub's work, at each call of the file system, once or from then on.
// Everything ends whole or with words that explain it; nothing is lost; and with a sound disk the same command completes.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Outcome, startProgram } from '../testing/program.fixture.ts'
import { createRandom } from '../testing/random.fixture.ts'
import { type Act, type StepPlan, stepEnv } from '../testing/steps/step-plan.fixture.ts'
import { type TemporaryFolder, temporaryFolder } from '../testing/temporary-folder.fixture.ts'
import { until } from '../testing/until.fixture.ts'
import { type Attempt, attemptAll } from './steps/attempts.fixture.ts'
import { checkEnd, createFailures } from './steps/failures.fixture.ts'
import { makeHome, workInMemory } from './steps/home.fixture.ts'
import { createHubWork } from './steps/hub-work.fixture.ts'
import {
  openPullWorld,
  type Pull,
  type PullWorld,
  plainFolder,
  pullScenario,
  resumption,
  update,
} from './steps/pulls.fixture.ts'
import { archivePush, laterPush, type Push, pushScenario, resumedPush } from './steps/pushes.fixture.ts'

workInMemory()

describe('a disk that fails under a pull', () => {
  const choose = createFailures()

  async function attemptPulls(make: (world: PullWorld) => Pull | Promise<Pull>): Promise<void> {
    await using world = await openPullWorld()
    const random = createRandom()
    console.log(`seed ${random.seed}`)
    await attemptAll(pullScenario(world, await make(world)), random, choose)
  }

  it('that updates', () => attemptPulls(update))
  it('that goes on with one that was killed', () => attemptPulls(resumption))
  it('into a plain folder', () => attemptPulls(plainFolder))
})

describe('a disk that fails under a push', () => {
  const ofFolders = createFailures()

  async function attemptPushes(
    make: (folder: TemporaryFolder) => Promise<Push>,
    choose = createFailures(),
  ): Promise<void> {
    await using folder = await temporaryFolder()
    const random = createRandom()
    console.log(`seed ${random.seed}`)
    await attemptAll(await pushScenario(folder, await make(folder)), random, choose)
  }

  it('that updates', () => attemptPushes(laterPush, ofFolders))
  it('that goes on with one that was killed', () => attemptPushes(resumedPush, ofFolders))
  for (const ending of ['.tar.zst', '.zip']) {
    it(`of a ${ending}`, () => attemptPushes((folder) => archivePush(folder, ending)))
  }
})

describe('a disk that fails under a hub', () => {
  /** How a call on the hub may end. */
  const ENDS = ['done', 'unavailable', 'no-space', 'partial']

  function attemptHub(home: string): Attempt {
    const store = `${home}/store`
    const work = createHubWork(home, store)
    makeHome(home)

    async function run(plan: StepPlan): Promise<Outcome> {
      const argv = ['run', '--listen', '127.0.0.1:0', '--storage', store]
      const hub = startProgram(argv, { home, env: stepEnv({ store }, plan) })
      let ended = false
      void hub.outcome.then(() => (ended = true))
      await until(() => ended || hub.stdout().includes('\n'), 'the hub')
      if (ended) return await hub.outcome
      const host = hub.stdout().trim().replace('http://', '')
      const end = await work.doRest(host)
      assert.ok(ENDS.includes(end), `${end}: ${hub.stderr()}`)
      if (!plan.act?.ever) await work.goOn(host)
      hub.process.kill('SIGTERM')
      return await hub.outcome
    }

    async function inspect(outcome: Outcome, act: Act | undefined): Promise<void> {
      const isRunning = outcome.stdout !== ''
      if (isRunning) assert.equal(outcome.exit, 0, outcome.stderr)
      else checkEnd(outcome, act)
      await work.inspect()
    }

    return { run, inspect, repeat: work.finish, [Symbol.asyncDispose]: async () => {} }
  }

  it('is said to the client, and when it works again so does the hub', async () => {
    await using folder = await temporaryFolder()
    const random = createRandom()
    console.log(`seed ${random.seed}`)
    await attemptAll(async (name) => attemptHub(folder.at(name)), random, createFailures())
  })
})
