// How much a dear test does. In `npm test` it tries a sample of what it could, another one each time; with
// AETHERFS_TEST_THOROUGH=1, as `npm run test:thorough` and CI set it, it tries everything.
import { createRandom, type Random } from './random.fixture.ts'

const isThorough = process.env.AETHERFS_TEST_THOROUGH === '1'

let chance: Random | undefined

/** One for all samples of a test file, whose seed is told: AETHERFS_TEST_SEED brings the same samples back. */
function random(): Random {
  if (chance === undefined) {
    const { AETHERFS_TEST_SEED: seed } = process.env
    chance = createRandom(seed === undefined ? undefined : Number(seed))
    console.log(`Samples of seed ${chance.seed}; AETHERFS_TEST_SEED repeats them, AETHERFS_TEST_THOROUGH=1 tries all`)
  }
  return chance
}

/** How often, or how long, something is done that chance decides on. */
export function times(everything: number, sample: number): number {
  return isThorough ? everything : sample
}

/** So many of the items, in their order. */
export function someOf<T>(items: readonly T[], count: number): T[] {
  if (isThorough || items.length <= count) return [...items]
  const left = items.map((_, i) => i)
  while (left.length > count) left.splice(random().int(0, left.length - 1), 1)
  return left.map((i) => items[i]!)
}

/**
 * For a loop over moments, of which only the end of the loop tells how many there are: how far it is to the next one.
 * @param mean how far it is on average in a sample
 */
export function stride(mean: number): number {
  return isThorough ? 1 : random().int(1, 2 * mean - 1)
}
