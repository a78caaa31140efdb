// Many trials, one for each seed, several at once: most of their time they wait. They stop when their time is over.
import { newSeed } from '../../testing/random.fixture.ts'
import { CODES_OF_FAULTS, type Done } from './trial.fixture.ts'

export interface TrialReport {
  done: Done[]
  /** How often each fault struck. */
  injected: Readonly<Record<string, number>>
  calls: number
  faults: number
}

export interface TrialsOptions {
  /** After this nothing is begun; what was begun is ended and checked. */
  seconds: number
  atOnce: number
  /** @param end as `performance.now` counts */
  trial: (seed: number, end: number) => Promise<TrialReport>
}

/** @throws what the first trial threw that failed, with its seed: AETHERFS_SEED repeats that one alone */
export async function runTrials({ seconds, atOnce, trial }: TrialsOptions): Promise<TrialReport> {
  const isRepetition = process.env.AETHERFS_SEED !== undefined
  const end = isRepetition ? Infinity : performance.now() + seconds * 1000
  const reports: TrialReport[] = []
  let seed = newSeed()
  let failed = false

  async function work(): Promise<void> {
    do {
      reports.push(await runOne(seed++))
    } while (!failed && !isRepetition && performance.now() < end)
  }

  async function runOne(seed: number): Promise<TrialReport> {
    try {
      return await trial(seed, end)
    } catch (error) {
      failed = true
      if (error instanceof Error) error.message = `AETHERFS_SEED=${seed}: ${error.message}`
      throw error
    }
  }

  console.log(`first seed ${seed}`)
  await Promise.all(Array.from({ length: isRepetition ? 1 : atOnce }, work))
  return sumOf(reports)
}

function sumOf(reports: readonly TrialReport[]): TrialReport {
  const injected: Record<string, number> = {}
  for (const report of reports) {
    for (const [fault, count] of Object.entries(report.injected)) injected[fault] = (injected[fault] ?? 0) + count
  }
  const sum = (of: (report: TrialReport) => number) => reports.reduce((total, report) => total + of(report), 0)
  const report = { injected, calls: sum(({ calls }) => calls), faults: sum(({ faults }) => faults) }
  return { ...report, done: reports.flatMap(({ done }) => done) }
}

/** The part of all that was done that no fault kept from its end. */
export function successRate({ done }: TrialReport): number {
  return done.filter(({ outcome }) => !CODES_OF_FAULTS.includes(outcome)).length / done.length
}

export function describeTrials(report: TrialReport): string {
  const { done, injected, calls, faults } = report
  const outcomes: Record<string, number> = {}
  for (const { outcome } of done) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
  const part = `${faults} of ${calls} calls (${Math.round((100 * faults) / calls)} %)`
  return `${done.length} deeds: ${JSON.stringify(outcomes)}; faults at ${part}: ${JSON.stringify(injected)}`
}
