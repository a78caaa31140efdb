// Pushes that are killed before, in and after their calls of the file system. At every moment tags point to whole snapshots,
// the same push completes, what it pushed can be read byte for byte, and nothing is left over.
import { describe, it } from 'node:test'
import { createRandom } from '../testing/random.fixture.ts'
import { type TemporaryFolder, temporaryFolder } from '../testing/temporary-folder.fixture.ts'
import { attemptAll } from './steps/attempts.fixture.ts'
import { workInMemory } from './steps/home.fixture.ts'
import { createKills } from './steps/kills.fixture.ts'
import { firstPush, laterPush, type Push, pushScenario, resumedPush } from './steps/pushes.fixture.ts'

workInMemory()
const choose = createKills()

async function attemptPushes(make: (folder: TemporaryFolder) => Promise<Push>): Promise<void> {
  await using folder = await temporaryFolder()
  const random = createRandom()
  console.log(`seed ${random.seed}`)
  await attemptAll(await pushScenario(folder, await make(folder)), random, choose)
}

describe('a push that is killed', () => {
  it('to a hub that has nothing', () => attemptPushes((folder) => firstPush(folder)))
  it('that updates', () => attemptPushes(laterPush))
  it('that goes on with one that was killed', () => attemptPushes(resumedPush))
})
