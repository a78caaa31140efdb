// Runs a program once undisturbed to learn its steps, and then again and again, in a new world each time, with something
// happening at one of them.
import assert from 'node:assert/strict'
import { basename } from 'node:path'
import type { Outcome } from '../../testing/program.fixture.ts'
import type { Random } from '../../testing/random.fixture.ts'
import { type Act, readTrace, type StepPlan, type TracedStep } from '../../testing/steps/step-plan.fixture.ts'
import { temporaryFolder } from '../../testing/temporary-folder.fixture.ts'

/** A world in which the program runs. */
export interface Attempt extends AsyncDisposable {
  /** Runs the program to its end; `plan` is for its environment. */
  run(plan: StepPlan): Promise<Outcome>
  /** Looks at the world as the program left it. `act` is undefined when it ran undisturbed. */
  inspect(outcome: Outcome, act: Act | undefined): Promise<void>
  /** Does the same again, which has to succeed, and looks whether all is as if nothing had happened. */
  repeat(): Promise<void>
}

/** Makes a new world; `name` tells it from others. */
export type Scenario = (name: string) => Promise<Attempt>

/** What is to happen, in view of the steps that there are. */
export type Choose = (steps: readonly TracedStep[], random: Random) => Act[]

/** Programs that run at once. */
const WIDTH = 3

/** @throws with everything that went wrong */
export async function attemptAll(scenario: Scenario, random: Random, choose: Choose): Promise<void> {
  await using folder = await temporaryFolder()
  const steps = await traceOf(scenario, folder.at('undisturbed'))
  const acts = choose(steps, random)
  const left = acts.entries()
  const failures: string[] = []
  let missed = 0
  const work = async () => {
    for (const [i, act] of left) {
      try {
        const tries = ['', '-again'].map((end) => folder.at(`attempt-${i}${end}`))
        // Those that run at once change times of what they share, and with these what steps there are.
        if (!(await attemptOne(scenario, tries[0]!, act)) && !(await attemptOne(scenario, tries[1]!, act))) missed++
      } catch (error) {
        failures.push(`${describe(act)}: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
  }
  await Promise.all(Array.from({ length: WIDTH }, work))
  const sites = new Set(steps.map(({ site }) => site)).size
  console.log(
    `${steps.length} steps at ${sites} sites; ${acts.length} attempts, ${missed} of which never came to their step`,
  )
  assert.equal(failures.length, 0, `${failures.length} of ${acts.length} failed:\n${failures.join('\n')}`)
  assert.ok(missed * 5 <= acts.length, 'too many attempts never came to their step')
}

async function traceOf(scenario: Scenario, trace: string): Promise<TracedStep[]> {
  await using attempt = await scenario('undisturbed')
  const outcome = await attempt.run({ trace })
  assert.ok(outcome.exit === 0, outcome.stderr)
  await attempt.inspect(outcome, undefined)
  await attempt.repeat()
  return readTrace(trace).steps
}

/** False when the program never came to the step: what runs at once does not do so in one order. */
async function attemptOne(scenario: Scenario, trace: string, act: Act): Promise<boolean> {
  await using attempt = await scenario(basename(trace))
  await attempt.inspect(await attempt.run({ trace, act }), act)
  await attempt.repeat()
  return readTrace(trace).acted
}

function describe({ site, nth, how, code, ever }: Act): string {
  return `${how === 'fail' ? `${code}${ever ? ' from here on' : ''} at` : `killed ${how}`} "${site}" (${nth})`
}
