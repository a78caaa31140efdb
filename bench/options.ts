// The options of the bench.
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { type Part, SCENARIOS, type Scenario } from './scenarios.ts'

export interface Options {
  scenarios: readonly Scenario[]
  runs: number
  scale: number
  /** The work folder; undefined for a temporary one. */
  folder: string | undefined
  /** Path of aetherfs. */
  program: string
  /** Folder for a profile of each of its processes. */
  profiles: string | undefined
  write: boolean
  keep: boolean
}

export const HELP = `npm run bench -- [options]

  --quick             a tenth of the data, one run, in less than 3 minutes
  --only <names>      scenarios, separated by commas: ${SCENARIOS.map(({ name }) => name).join(', ')};
                      or one of the parts main (the default), memory, fleet, delta, doors
  --runs <count>      runs of each step; medians are printed (default: 3)
  --scale <factor>    size of the data (default: 1)
  --folder <folder>   where to work; the data in it is used again by the next run (default: a temporary folder)
  --program <file>    the aetherfs to measure (default: that of this checkout)
  --profile <folder>  write a CPU profile of each aetherfs process there, for DevTools; costs some time
  --keep              leave the work folder as it is, and say where it is
  --write             write the tables into docs/performance.md
  --help              show this
`

/** Undefined when help was asked for. @throws {Error} when an option makes no sense. */
export function parseOptions(args: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', default: 'main' },
      runs: { type: 'string' },
      scale: { type: 'string' },
      folder: { type: 'string' },
      program: { type: 'string', default: join(import.meta.dirname, '../bin/aetherfs') },
      profile: { type: 'string' },
      keep: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return undefined
  const scenarios = scenariosOf(values.only)
  if (values.write) checkWholeParts(scenarios)
  const runs = positive('--runs', values.runs ?? (values.quick ? '1' : '3'))
  const scale = positive('--scale', values.scale ?? (values.quick ? '0.1' : '1'))
  return {
    scenarios,
    runs: Math.ceil(runs),
    scale,
    folder: values.folder,
    program: resolve(values.program),
    profiles: values.profile && resolve(values.profile),
    write: values.write,
    keep: values.keep,
  }
}

function scenariosOf(names: string): Scenario[] {
  const found = names.split(',').flatMap((name) => {
    const named = SCENARIOS.filter((scenario) => scenario.name === name || scenario.part === name)
    if (named.length === 0) throw new Error(`There is no scenario "${name}"`)
    return named
  })
  return [...new Set(found)]
}

/** On the page, nothing is left over from another run beside what is new. */
function checkWholeParts(scenarios: readonly Scenario[]): void {
  for (const part of partsOf(scenarios)) {
    const missing = SCENARIOS.filter((scenario) => scenario.part === part && !scenarios.includes(scenario))
    if (missing.length === 0) continue
    throw new Error(
      `--write needs all scenarios of "${part}", and ${missing.map(({ name }) => name).join(', ')} are left out`,
    )
  }
}

export function partsOf(scenarios: readonly Scenario[]): Part[] {
  return [...new Set(scenarios.map(({ part }) => part))]
}

function positive(option: string, text: string): number {
  const value = Number(text)
  if (!(value > 0)) throw new Error(`${option} needs a number above 0, not "${text}"`)
  return value
}
