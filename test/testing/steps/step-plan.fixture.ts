// Steps of a program: its calls of the file system, and of a hub's store. A plan says which of them are steps, and at which
// one the program is stopped or finds the disk failing. It travels to the program in its environment.
import { readFileSync } from 'node:fs'

/** "call path", where what chance puts into a path is left out: equal sites are one place in a program. */
export type Site = string

/**
 * Killed before the step, when half of what it writes is done, or when all is done but nobody knows; or the step fails; or
 * it never ends, which only what is asynchronous can do.
 */
export type How = 'before' | 'amid' | 'after' | 'fail' | 'hang'

export interface Act {
  site: Site
  /** Which of the steps at this site, from 1. */
  nth: number
  how: How
  /** For "fail": what the operating system says, such as "EIO". */
  code?: string
  /** For "fail": so does every later step that changes something. */
  ever?: boolean
}

/** Folders by name. What is about one of them or is below it is a step, other calls are not. */
export type Places = Record<string, string>

export interface StepPlan {
  /** A file that a line for each step is added to, and one when something is done to a step. */
  trace: string
  act?: Act
}

const VARIABLE = 'AETHERFS_TEST_STEPS'
const PRELOAD = new URL('./fs-steps.fixture.ts', import.meta.url).pathname

/** Environment of a program that has steps. In worker threads of it as well. */
export function stepEnv(places: Places, plan: StepPlan): Record<string, string> {
  return { [VARIABLE]: JSON.stringify({ places, ...plan }), NODE_OPTIONS: `--import=${PRELOAD}` }
}

/** The plan of this program, if it has one. */
export function stepPlan(): (StepPlan & { places: Places }) | undefined {
  const text = process.env[VARIABLE]
  return text === undefined ? undefined : JSON.parse(text)
}

export interface TracedStep {
  site: Site
  nth: number
}

/** The line of a trace that tells that the act of the plan was done. */
export const ACTED = 'acted'

export interface Trace {
  /** In the order in which they began. */
  steps: TracedStep[]
  /** Whether the program came to the step of its plan. */
  acted: boolean
}

export function readTrace(path: string): Trace {
  const seen = new Map<Site, number>()
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1)
  const sites = lines.filter((line) => line !== ACTED)
  const steps = sites.map((site) => {
    const nth = (seen.get(site) ?? 0) + 1
    seen.set(site, nth)
    return { site, nth }
  })
  return { steps, acted: sites.length < lines.length }
}

const WRITING =
  /^(thread )?(store )?(open:w|write|append|truncate|ftruncate|f?utimes|lutimes|f?chmod|copyFile|mkdir|mkdtemp|rmdir|rm |unlink|rename|link|symlink|put|delete)/

/** Whether the step changes anything. A sync and a close do not, as far as a killed process goes. */
export function isWriting(site: Site): boolean {
  return WRITING.test(site)
}

/** Whether the step may be half done: bytes that are written, a folder that is removed with all that is in it. */
export function isDivisible(site: Site): boolean {
  return /^(thread )?(write|append|copyFile|rm )/.test(site)
}
