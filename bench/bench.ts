// npm run bench: what AetherFS costs beside its peers, on data that is the same everywhere. docs/performance.md says how
// it is measured; `npm run bench -- --help` what can be chosen.
import { mkdirSync, rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { formatBytes, formatCount, formatDuration } from '../src/cli/output/numbers.ts'
import { type DataSet, makeDataSet } from './data/data-sets.ts'
import { describeMachine, isIdle, type Machine } from './measure/machine.ts'
import { GNU_TIME } from './measure/measure.ts'
import { createSamples, type Sample, type Samples } from './measure/samples.ts'
import { openTrash, type Trash } from './measure/trash.ts'
import { HELP, type Options, parseOptions, partsOf } from './options.ts'
import { figuresOf, figureTable } from './report/figures.ts'
import { writePage } from './report/page.ts'
import { sampleTable } from './report/sample-table.ts'
import { runScenario } from './run-scenario.ts'
import type { Scenario } from './scenarios.ts'
import { isInstalled, type Tool } from './tools/tool.ts'
import { warmUp } from './warm-up.ts'
import { openWorkFolder } from './work-folder.ts'

try {
  const options = parseOptions(process.argv.slice(2))
  if (options === undefined) process.stdout.write(HELP)
  else await bench(options)
} catch (error) {
  say(`bench: ${(error as Error).message}`)
  process.exitCode = 1
}

async function bench(options: Options): Promise<void> {
  const started = performance.now()
  const scenarios = withInstalledTools(options.scenarios)
  const needed = options.scale * options.scenarios.reduce((sum, { space }) => sum + space, 0)
  const folder = openWorkFolder(options.folder, needed)
  const trash = openTrash(join(folder, 'trash'))
  cleanUpOnSignals(folder, options)
  try {
    const machine = await describeMachine(folder)
    sayMachine(machine, folder)
    const samples = createSamples(saySample)
    const headings = await measureAll(scenarios, options, { folder, samples, trash })
    report(options, scenarios, machine, samples, headings)
    say(`Done in ${formatDuration(performance.now() - started)}`)
  } finally {
    if (options.keep) say(`Everything is left in ${folder}`)
    else await cleanUp(folder, trash, options.folder !== undefined)
  }
}

/** In a folder that somebody named, the data stays for the next run. */
async function cleanUp(folder: string, trash: Trash, isNamed: boolean): Promise<void> {
  say('Cleaning up')
  if (isNamed) await trash.empty()
  else await rm(folder, { recursive: true })
}

function cleanUpOnSignals(folder: string, options: Options): void {
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (options.folder === undefined && !options.keep) rmSync(folder, { recursive: true, force: true })
      process.exit(130)
    })
  }
}

/** @returns a heading for each scenario. */
async function measureAll(
  scenarios: readonly Scenario[],
  { scale, runs, program, profiles }: Options,
  place: { folder: string; samples: Samples; trash: Trash },
): Promise<Map<string, string>> {
  const data = join(place.folder, 'data')
  mkdirSync(data, { recursive: true })
  await warmUp(place.folder, program, place.trash)
  const headings = new Map<string, string>()
  for (const scenario of scenarios) {
    say(`${scenario.name}: making the data, unless it is there`)
    const set = makeDataSet(data, scenario.set, scale * (scenario.scale ?? 1))
    headings.set(scenario.name, headingOf(scenario, set))
    say(headings.get(scenario.name)!)
    await runScenario(scenario, { ...place, set, runs, program, profiles })
  }
  return headings
}

function report(
  options: Options,
  scenarios: readonly Scenario[],
  machine: Machine,
  samples: Samples,
  headings: ReadonlyMap<string, string>,
): void {
  process.stdout.write(
    `${[...sampleTable(samples.all, headings), '', ...figureTable(figuresOf(samples))].join('\n')}\n`,
  )
  if (options.scale < 1)
    say('With less data than usual, what each call costs at the least weighs more: the targets are for --scale 1')
  if (!options.write) return
  for (const part of partsOf(scenarios)) writePage(part, { options, scenarios, machine, samples, headings })
}

/** What is not there is said, and left out. */
function withInstalledTools(scenarios: readonly Scenario[]): Scenario[] {
  if (!isInstalled(GNU_TIME)) throw new Error('The bench measures with GNU time: apt-get install time')
  const missing = new Set<Tool>()
  const isThere = (tool: Tool) => {
    const there = tool.programs.every(isInstalled)
    if (!there) missing.add(tool)
    return there
  }
  const present = scenarios.map((scenario) => ({ ...scenario, tools: scenario.tools.filter(isThere) }))
  for (const { name, packages } of missing)
    say(`Left out: ${name}, which is not installed: apt-get install ${packages}`)
  return present
}

function headingOf({ name }: Scenario, { contents: { v1, v2 } }: DataSet): string {
  const [one, two] = [v1, v2].map(
    ({ files, bytes, digest }) => `${formatBytes(bytes)} in ${formatCount(files)} files (${digest.slice(0, 12)})`,
  )
  return `${name}: v1 ${one}, v2 ${two}`
}

function sayMachine(machine: Machine, folder: string): void {
  say(`${machine.description}; load ${machine.load.toFixed(2)}; working in ${folder}`)
  if (!isIdle(machine))
    say(`WARNING: others use ${Math.round(machine.busy * 100)} % of the processors; wall times mean little`)
}

function saySample({ scenario, step, tool, wall, cpu, peak }: Sample): void {
  say(`${scenario}: ${step}: ${tool}: ${wall.toFixed(2)} s, CPU ${cpu.toFixed(2)} s, ${formatBytes(peak)}`)
}

/** Progress goes to stderr: the tables alone are the result. */
function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
