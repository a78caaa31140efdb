// Pulls that are killed before, in and after their calls of the file system. The folder is one whole version at any time, the
// same pull completes, and nothing is left over.
import { describe, it } from 'node:test'
import { createRandom } from '../testing/random.fixture.ts'
import { attemptAll } from './steps/attempts.fixture.ts'
import { workInMemory } from './steps/home.fixture.ts'
import { createKills } from './steps/kills.fixture.ts'
import {
  newTarget,
  openPullWorld,
  type Pull,
  type PullWorld,
  plainFolder,
  pullScenario,
  resumption,
  update,
  wayBack,
} from './steps/pulls.fixture.ts'

workInMemory()
const choose = createKills()

async function attemptPulls(make: (world: PullWorld) => Pull | Promise<Pull>): Promise<void> {
  await using world = await openPullWorld()
  const random = createRandom()
  console.log(`seed ${random.seed}`)
  await attemptAll(pullScenario(world, await make(world)), random, choose)
}

describe('a pull that is killed', () => {
  it('into a new target', () => attemptPulls(newTarget))
  it('that updates', () => attemptPulls(update))
  it('that goes back to a version that is still there', () => attemptPulls(wayBack))
  it('that goes on with one that was killed', () => attemptPulls(resumption))
  it('into a plain folder', () => attemptPulls(plainFolder))
})
