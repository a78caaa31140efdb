// At which steps programs are killed.
import type { Random } from '../../testing/random.fixture.ts'
import { type Act, isDivisible, isWriting, type TracedStep } from '../../testing/steps/step-plan.fixture.ts'

/** Every step is taken, and not only some of those at one site. */
const ALL = process.env.AETHERFS_CRASH_ALL === '1'

/**
 * Before, in and after steps. Of each site that writes, the first step, the last one and one by chance; of the others, which
 * leave everything as it was, one by chance and one side of it.
 */
export function chooseKills(steps: readonly TracedStep[], random: Random): Act[] {
  return [...Map.groupBy(steps, ({ site }) => site)].flatMap(([site, all]) => {
    const hows: Act['how'][] = isDivisible(site) ? ['before', 'amid', 'after'] : ['before', 'after']
    if (!ALL && !isWriting(site)) return [{ site, nth: random.int(1, all.length), how: random.pick(hows) }]
    const chosen = ALL ? all.map(({ nth }) => nth) : new Set([1, random.int(1, all.length), all.length])
    return [...chosen].flatMap((nth) => hows.map((how) => ({ site, nth, how })))
  })
}
