// At which steps programs are killed.
import { type Act, isDivisible, isWriting, type Site } from '../../testing/steps/step-plan.fixture.ts'
import type { Choose } from './attempts.fixture.ts'

/** Every step is taken, and not only some of those at one site. */
const ALL = process.env.AETHERFS_CRASH_ALL === '1'
/** Only sites with these words in them. */
const ONLY = process.env.AETHERFS_CRASH_ONLY ?? ''

/**
 * Answers a choice of kills, before, in and after steps. Each way at each site that writes is taken once, at a step by chance;
 * at other sites, which leave everything as it was, one. Of what it has chosen before, in another scenario, some.
 */
export function createKills(): Choose {
  const known = new Set<Site>()
  return (steps, random) =>
    [...Map.groupBy(steps, ({ site }) => site)].flatMap(([site, { length }]) => {
      if (!site.includes(ONLY)) return []
      const all = waysOf(site, length)
      if (ALL) return all
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
