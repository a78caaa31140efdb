// What fails of a disk, and how a program has to end then.
import assert from 'node:assert/strict'
import type { Outcome } from '../../testing/program.fixture.ts'
import type { Random } from '../../testing/random.fixture.ts'
import { type Act, isWriting, type Site } from '../../testing/steps/step-plan.fixture.ts'
import type { Choose } from './attempts.fixture.ts'

const ONLY = process.env.AETHERFS_CRASH_ONLY ?? ''

/** At each site one failure, at a step by chance: once, or of all that writes from there on. */
export function createFailures(): Choose {
  const known = new Set<Site>()
  return (steps, random) =>
    [...Map.groupBy(steps, ({ site }) => site)].flatMap(([site, { length }]) => {
      if (known.has(site) || !site.includes(ONLY) || !mayFail(site)) return []
      known.add(site)
      const ever = isWriting(site) && random.chance(1 / 2)
      return [{ site, nth: random.int(1, length), how: 'fail', code: codeFor(site, random), ever }]
    })
}

/** A store that fails is the matter of other tests. */
function mayFail(site: Site): boolean {
  return !site.startsWith('store ')
}

function codeFor(site: Site, random: Random): string {
  if (isWriting(site)) return random.pick(['EIO', 'ENOSPC', 'EDQUOT', 'EROFS'])
  return /^(thread )?(open|readdir)/.test(site) ? random.pick(['EIO', 'EMFILE']) : 'EIO'
}

/** Of failures of a disk: other failure, wrong bytes, the hub or its store is not available. */
const EXITS = [1, 7, 8]

/** Killed, or done, or explained: what failed, where, and what to do. */
export function checkEnd({ exit, signal, stderr, stdout }: Outcome, act: Act | undefined): void {
  if (act?.how !== 'fail') assert.ok(signal === 'SIGKILL' || exit === 0, stderr)
  else if (exit !== 0) checkExplained({ exit, signal, stderr, stdout })
}

function checkExplained({ exit, signal, stderr, stdout }: Outcome): void {
  assert.equal(signal, undefined, stderr)
  assert.ok(EXITS.includes(exit!), `exit code ${exit}: ${stderr}`)
  assert.equal(stdout, '')
  assert.match(
    stderr,
    /^aetherfs: .*["'].+["'].*\nhint: (?!This is a defect)/m,
    `it says where, and what to do: ${stderr}`,
  )
  assert.doesNotMatch(stderr, /\n {4}at /, `it shows no stack: ${stderr}`)
}
