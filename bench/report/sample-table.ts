// The table: a line for each step and tool, with what it cost, and what AetherFS cost as a multiple of that.
import { type Column, formatTable } from '../../src/cli/output/table.ts'
import type { Sample } from '../measure/samples.ts'
import { costOf } from '../measure/store-requests.ts'
import { STEP } from '../tools/tool.ts'
import { medianOf, summarise } from './stats.ts'

const US = 'aetherfs'
/** What is measured in hundredths of seconds is no measure below this. */
const LEAST = 0.05
const STEPS: readonly string[] = Object.values(STEP)

interface Cell extends Column {
  text(group: Group): string
}

interface Group {
  samples: readonly Sample[]
  /** Those of AetherFS in the same step; undefined for its own. */
  ours: readonly Sample[] | undefined
}

const right = { align: 'right' } as const
const CELLS: readonly Cell[] = [
  { title: 'STEP', text: ({ samples }) => samples[0]!.step },
  { title: 'TOOL', text: ({ samples }) => samples[0]!.tool },
  { title: 'RUNS', ...right, text: ({ samples }) => String(samples.length) },
  { title: 'WALL s', ...right, text: wallOf },
  { title: 'MIN-MAX', ...right, text: spreadOf },
  { title: 'CPU s', ...right, text: median((sample) => sample.cpu, seconds) },
  { title: 'PEAK MiB', ...right, text: median((sample) => sample.peak / 2 ** 20, whole) },
  { title: 'HUB CPU', ...right, text: median((sample) => sample.hub?.cpu, seconds) },
  { title: 'HUB MiB', ...right, text: median((sample) => sample.hub && sample.hub.peak / 2 ** 20, whole) },
  { title: 'MEDIAN ms', ...right, text: median((sample) => sample.latency?.median, milliseconds) },
  { title: '99 % ms', ...right, text: median((sample) => sample.latency?.p99, milliseconds) },
  { title: 'MB/s', ...right, text: median(rateOf, whole) },
  { title: 'SENT MB', ...right, text: median((sample) => sample.sent && sample.sent / 1e6, megabytes) },
  { title: 'STORED MB', ...right, text: median((sample) => sample.stored && sample.stored / 1e6, megabytes) },
  { title: 'PUTS', ...right, text: median((sample) => sample.hub?.requests?.puts, whole) },
  { title: 'GETS', ...right, text: median((sample) => sample.hub?.requests?.gets, whole) },
  { title: 'LISTS', ...right, text: median((sample) => sample.hub?.requests?.lists, whole) },
  { title: 'COST $', ...right, text: median((sample) => sample.hub?.requests && costOf(sample.hub.requests), dollars) },
  { title: 'LINK', ...right, text: median((sample) => sample.fill, percent) },
  { title: 'WALL x', ...right, text: ratio((sample) => sample.wall) },
  { title: 'CPU x', ...right, text: ratio((sample) => sample.cpu) },
  { title: 'CPU+HUB x', ...right, text: ratio((sample) => sample.cpu + (sample.hub?.cpu ?? 0)) },
  { title: 'SENT x', ...right, text: ratio((sample) => sample.sent || undefined) },
]

/** Lines of text; the last columns say how many times as much AetherFS took as the tool of the line. */
export function sampleTable(samples: readonly Sample[], headings: ReadonlyMap<string, string>): string[] {
  const groups = groupsOf(samples)
  const used = CELLS.filter(({ text }) => groups.some((group) => text(group) !== ''))
  const lines = formatTable(
    used,
    groups.map((group) => used.map(({ text }) => text(group))),
  )
  const [titles = '', ...rows] = lines
  const scenarios = groups.map((group) => group.samples[0]!.scenario)
  return rows.flatMap((row, i) => {
    const scenario = scenarios[i]!
    return scenario === scenarios[i - 1] ? [row] : ['', headings.get(scenario) ?? scenario, titles, row]
  })
}

function groupsOf(samples: readonly Sample[]): Group[] {
  const steps = Map.groupBy(samples, ({ scenario, step }) => `${scenario}\n${step}`)
  const scenarios = [...new Set(samples.map(({ scenario }) => scenario))]
  const order = (list: readonly Sample[]) => scenarios.indexOf(list[0]!.scenario) * 100 + STEPS.indexOf(list[0]!.step)
  return [...steps.values()]
    .toSorted((a, b) => order(a) - order(b))
    .flatMap((step) => {
      const ours = step.filter(({ tool }) => tool === US)
      const tools = [...Map.groupBy(step, ({ tool }) => tool).values()]
      const isOurs = (list: readonly Sample[]) => list[0]!.tool.startsWith(US)
      const sorted = [...tools.filter(isOurs), ...tools.filter((list) => !isOurs(list))]
      return sorted.map((list) => ({ samples: list, ours: isOurs(list) || ours.length === 0 ? undefined : ours }))
    })
}

function wallOf({ samples }: Group): string {
  return seconds(medianOf(samples, ({ wall }) => wall)!)
}

function spreadOf({ samples }: Group): string {
  const { min, max, count } = summarise(samples.map(({ wall }) => wall))!
  return count === 1 ? '' : `${seconds(min)}-${seconds(max)}`
}

function median(pick: (sample: Sample) => number | undefined, format: (value: number) => string) {
  return ({ samples }: Group) => {
    const value = medianOf(samples, pick)
    return value === undefined ? '' : format(value)
  }
}

function ratio(pick: (sample: Sample) => number | undefined) {
  return ({ samples, ours }: Group) => {
    const [theirs, our] = [medianOf(samples, pick), medianOf(ours ?? [], pick)]
    return theirs === undefined || our === undefined || theirs < LEAST ? '' : (our / theirs).toFixed(2)
  }
}

function seconds(value: number): string {
  return value.toFixed(value < 10 ? 2 : 1)
}

/** Of many small reads: in MB a second. Elsewhere the time says it. */
function rateOf({ latency, content, wall }: Sample): number | undefined {
  return latency && content && content / 1e6 / wall
}

function milliseconds(value: number): string {
  return (value * 1000).toPrecision(3)
}

function whole(value: number): string {
  return value.toFixed(0)
}

function megabytes(value: number): string {
  if (value < 0.1) return value.toFixed(4)
  return value.toFixed(value < 10 ? 2 : 0)
}

function dollars(value: number): string {
  return value.toFixed(5)
}

function percent(value: number): string {
  return `${(value * 100).toFixed(0)} %`
}
