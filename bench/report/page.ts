// The measured parts of docs/performance.md. Each stands between two comments, and everything else is left as it is.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isIdle, type Machine } from '../measure/machine.ts'
import { createSamples, type Samples } from '../measure/samples.ts'
import type { Options } from '../options.ts'
import type { Part, Scenario } from '../scenarios.ts'
import { figuresOf, figureTable } from './figures.ts'
import { sampleTable } from './sample-table.ts'

const PAGE = join(import.meta.dirname, '../../docs/performance.md')

export interface Results {
  options: Options
  scenarios: readonly Scenario[]
  machine: Machine
  samples: Samples
  headings: ReadonlyMap<string, string>
}

export function writePage(part: Part, results: Results): void {
  writeFileSync(PAGE, replacePart(readFileSync(PAGE, 'utf8'), part, measuredText(part, results)))
}

/** @throws when the page has no place for it. */
export function replacePart(page: string, part: string, text: string): string {
  const [begin, end] = [`<!-- bench ${part} -->\n`, `<!-- end of bench ${part} -->`]
  const [from, to] = [page.indexOf(begin), page.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`docs/performance.md has no "${begin.trim()}" with its end`)
  return page.slice(0, from + begin.length) + text + page.slice(to)
}

/** What stands between the comments of one part: nothing of the others. */
export function measuredText(part: Part, { options, scenarios, machine, samples, headings }: Results): string {
  const names = new Set(scenarios.filter((scenario) => scenario.part === part).map(({ name }) => name))
  const own = createSamples(() => {})
  for (const sample of samples.all) if (names.has(sample.scenario)) own.add(sample)
  const figures = figuresOf(own).filter(({ value }) => value !== undefined)
  const busy = isIdle(machine) ? '' : ` Others used ${Math.round(machine.busy * 100)} % of the processors at the start.`
  return [
    `Measured on ${new Date().toISOString().slice(0, 10)} by`,
    `\`npm run bench -- --only ${part} --runs ${options.runs} --scale ${options.scale} --write\`: ${machine.description}.`,
    `Load at the start: ${machine.load.toFixed(2)}.${busy}`,
    '',
    '```text',
    ...figureTable(figures),
    '```',
    '',
    '```text',
    ...sampleTable(own.all, headings).slice(1),
    '```',
    '',
  ].join('\n')
}
