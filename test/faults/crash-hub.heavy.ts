// A hub over a folder that is killed before, in and after its calls of the store and of the file system, while tags are
// pushed, moved, rolled back and removed. What was answered holds, tags point to whole snapshots, and a hub that is started on
// the same folder brings the rest to its end.
import { describe, it } from 'node:test'
import { type Outcome, startProgram } from '../testing/program.fixture.ts'
import { createRandom } from '../testing/random.fixture.ts'
import { type StepPlan, stepEnv } from '../testing/steps/step-plan.fixture.ts'
import { temporaryFolder } from '../testing/temporary-folder.fixture.ts'
import { until } from '../testing/until.fixture.ts'
import { type Attempt, attemptAll } from './steps/attempts.fixture.ts'
import { checkEnd } from './steps/failures.fixture.ts'
import { makeHome, workInMemory } from './steps/home.fixture.ts'
import { createHubWork } from './steps/hub-work.fixture.ts'
import { createKills } from './steps/kills.fixture.ts'

workInMemory()

const HUB = new URL('../testing/steps/stepped-hub.fixture.ts', import.meta.url).pathname

function attemptHub(home: string): Attempt {
  const store = `${home}/store`
  const work = createHubWork(home, store)
  makeHome(home)

  async function run(plan: StepPlan): Promise<Outcome> {
    const hub = startProgram([store], { home, main: HUB, env: stepEnv({ store }, plan) })
    let ended = false
    void hub.outcome.then(() => (ended = true))
    await until(() => ended || hub.stdout().includes('\n'), 'the hub')
    if (!ended && (await work.doRest(hub.stdout().trim().replace('http://', ''))) === 'done')
      hub.process.kill('SIGTERM')
    const outcome = await hub.outcome
    return outcome.signal === 'SIGTERM' ? { ...outcome, exit: 0 } : outcome
  }

  return {
    run,
    async inspect(outcome, act) {
      checkEnd(outcome, act)
      await work.inspect()
    },
    repeat: work.finish,
    [Symbol.asyncDispose]: async () => {},
  }
}

describe('a hub that is killed', () => {
  it('holds what it answered, and goes on', async () => {
    await using folder = await temporaryFolder()
    const random = createRandom()
    console.log(`seed ${random.seed}`)
    await attemptAll(async (name) => attemptHub(folder.at(name)), random, createKills())
  })
})
