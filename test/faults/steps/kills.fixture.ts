// At which steps programs are killed.
import { type Act, isDivisible, isWriting, type Site } from '../../testing/steps/step-plan.fixture.ts'
import type { Choose } from './attempts.fixture.ts'

/** Every step is taken, and not only some of those at one site. */
const ALL = process.env.AETHERFS_CRASH_ALL === '1'
/** Only sites with these words in them. */
const ONLY = process.env.AETHERFS_CRASH_ONLY ?? ''

/**
 * Answers a choice of kills, before, in and after steps. All where a store is written to; at other sites that write each way
 * once, at a step by chance; one at those that leave everything as it was. Of sites that were known before, from another
 * scenario, every second one.
 */
export function createKills(): Choose {
  const known = new Set<Site>()
  return (steps, random) =>
    [...Map.groupBy(steps, ({ site }) => site)].flatMap(([site, { length }]) => {
      if (!site.includes(ONLY)) return []
      const all = waysOf(site, length)
      if (ALL || isOfStore(site)) return all
      const isNew = !known.has(site)
      known.add(site)
      if (isNew && isWriting(site)) return howsOf(site).map((how) => random.pick(all.filter((act) => act.how === how)))
      return isNew || random.chance(1 / 2) ? [random.pick(all)] : []
    })
}

function waysOf(site: Site, steps: number): Act[] {
  return howsOf(site).flatMap((how) => Array.from({ length: steps }, (_, i) => ({ site, nth: i + 1, how })))
}

function howsOf(site: Site): Act['how'][] {
  return isDivisible(site) ? ['before', 'amid', 'after'] : ['before', 'after']
}

function isOfStore(site: Site): boolean {
  return site.startsWith('store ') && isWriting(site)
}
