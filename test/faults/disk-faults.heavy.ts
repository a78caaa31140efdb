// Disks that fail in the middle of a pull, a push or a hub's work, at each call of the file system, once or from then on.
// Everything ends whole or with words that explain it; nothing is lost; and with a sound disk the same command completes.
import { describe, it } from 'node:test'
import { createRandom } from '../testing/random.fixture.ts'
import { type TemporaryFolder, temporaryFolder } from '../testing/temporary-folder.fixture.ts'
import { attemptAll } from './steps/attempts.fixture.ts'
import { createFailures } from './steps/failures.fixture.ts'
import { workInMemory } from './steps/home.fixture.ts'
import {
  openPullWorld,
  type Pull,
  type PullWorld,
  plainFolder,
  pullScenario,
  resumption,
  update,
} from './steps/pulls.fixture.ts'
import { laterPush, type Push, pushScenario, resumedPush } from './steps/pushes.fixture.ts'

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
  const choose = createFailures()

  async function attemptPushes(make: (folder: TemporaryFolder) => Promise<Push>): Promise<void> {
    await using folder = await temporaryFolder()
    const random = createRandom()
    console.log(`seed ${random.seed}`)
    await attemptAll(await pushScenario(folder, await make(folder)), random, choose)
  }

  it('that updates', () => attemptPushes(laterPush))
  it('that goes on with one that was killed', () => attemptPushes(resumedPush))
})
