// At which steps programs are killed.
import type { Random } from '../../testing/random.fixture.ts'
import { type Act, isDivisible, isWriting, type Site, type TracedStep } from '../../testing/steps/step-plan.fixture.ts'
import type { Choose } from './attempts.fixture.ts'

/** Every step is taken, and not only some of those at one site. */
const ALL = process.env.AETHERFS_CRASH_ALL === '1'
/** Only sites with these words in them. */
const ONLY = process.env.AETHERFS_CRASH_ONLY ?? ''

/**
 * Answers a choice of kills, before, in and after steps. All where a store is written to; at other sites that write each way
 * once, at a step by chance. Moments between which nothing is written are one: of each row of steps that only look one is
 * taken, and "before" a step is left to "after" the one that it follows. Of what was known before, from another scenario,
 * every second one.
 */
export function createKills(): Choose {
  const known = new Set<Site>()
  return (steps, random) => {
    const bySite = Map.groupBy(steps, ({ site }) => site)
    const isNew = (site: Site) => !known.has(site)
    const followers = sitesThatFollow(steps, (site) => bySite.get(site)!.length === 1 && isNew(site))
    const writes = [...bySite].flatMap(([site, { length }]) => {
      if (!site.includes(ONLY)) return []
      const all = waysOf(site, length)
      if (ALL || isOfStore(site)) return all
      if (!isWriting(site)) return []
      if (!isNew(site)) return random.chance(1 / 2) ? [random.pick(all)] : []
      const hows = howsOf(site).filter((how) => how !== 'before' || !followers.has(site))
      return hows.map((how) => random.pick(all.filter((act) => act.how === how)))
    })
    const looks = ALL ? [] : chooseLooks(steps, isNew, random)
    for (const site of bySite.keys()) if (site.includes(ONLY)) known.add(site)
    return [...writes, ...looks]
  }
}

/**
 * Sites that write, each right after another one that writes and is sure to be killed after. To the same file, because in
 * between things may have changed elsewhere: at the hub.
 */
function sitesThatFollow(steps: readonly TracedStep[], isSure: (site: Site) => boolean): Set<Site> {
  const sites = steps.map(({ site }) => site)
  const mayFollow = (site: Site) => isWriting(site) && !isOfStore(site) && site.includes(ONLY) && isSure(site)
  const follows = (site: Site, last: Site) =>
    mayFollow(site) && mayFollow(last) && pathsOf(site).some((path) => pathsOf(last).includes(path))
  return new Set(sites.filter((site, i) => i > 0 && follows(site, sites[i - 1]!)))
}

function pathsOf(site: Site): string[] {
  return site.replace(/^(thread )?\S+ /, '').split(' > ')
}

/** Steps that write nothing, in rows without one between them that does. */
function rowsOfLooks(steps: readonly TracedStep[]): TracedStep[][] {
  const rows: TracedStep[][] = [[]]
  for (const step of steps) {
    if (isWriting(step.site)) rows.push([])
    else rows.at(-1)!.push(step)
  }
  return rows
}

/** One of each row, and none twice at one site. */
function chooseLooks(steps: readonly TracedStep[], isNew: (site: Site) => boolean, random: Random): Act[] {
  const taken = new Set<Site>()
  return rowsOfLooks(steps).flatMap((row) => {
    const all = row.filter(({ site }) => site.includes(ONLY) && !taken.has(site))
    const fresh = all.filter(({ site }) => isNew(site))
    if (all.length === 0 || (fresh.length === 0 && random.chance(1 / 2))) return []
    const step = random.pick(fresh.length > 0 ? fresh : all)
    taken.add(step.site)
    return [{ ...step, how: random.pick(['before', 'after'] as const) }]
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
