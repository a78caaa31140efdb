// Lets the steps of this program pass, and at one of them does what its plan says.
import { openSync, writeSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'
import { ACTED, type How, isWriting, type Site, type StepPlan, stepPlan } from './step-plan.fixture.ts'

// Taken before others are put in their places.
const open = openSync
const write = writeSync

/** Counts a step; answers what is to become of it when it is the one of the plan. */
type Gate = (site: Site) => How | undefined

/** One for each thread; a thread's name is part of its sites. */
export const plan = stepPlan()
export const passGate: Gate = plan === undefined ? () => undefined : createGate(plan)

function createGate({ trace, act }: StepPlan): Gate {
  const log = open(trace, 'a')
  let count = 0
  let acted = false

  return (site) => {
    write(log, `${site}\n`)
    if (act === undefined) return undefined
    if (acted) return act.ever && isWriting(site) ? 'fail' : undefined
    if (site !== act.site || ++count !== act.nth) return undefined
    acted = true
    write(log, `${ACTED}\n`)
    return act.how
  }
}

/** Nothing runs after this, on no thread. */
export function die(): never {
  process.kill(process.pid, 'SIGKILL')
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
}

/** A call and its paths, without what chance puts into them: ids, process ids, times, random endings. */
export function siteOf(call: string, paths: readonly string[]): Site {
  const names = paths.map((path) =>
    path
      .replace(/[0-9a-f]{8,}/g, '#')
      .replace(/#-\d+-#/, '#-pid-#')
      .replace(/\.probe-\w{6}/, '.probe-#'),
  )
  return `${isMainThread ? '' : 'thread '}${call} ${names.join(' > ')}`
}
