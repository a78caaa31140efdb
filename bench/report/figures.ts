// What AetherFS has to reach, each beside what was measured.
import { formatTable } from '../../src/cli/output/table.ts'
import type { Sample, Samples } from '../measure/samples.ts'
import { STEP } from '../tools/tool.ts'
import { deltaFigures } from './delta-figures.ts'
import { doorFigures } from './door-figures.ts'
import { minus, most, over, picker, twice } from './ratios.ts'

export interface Figure {
  what: string
  /** Undefined when it was not measured in this run. */
  value: number | undefined
  limit: number
  /** The limit is the least, not the most. */
  least?: boolean
  unit?: string
}

const MiB = 2 ** 20

export function figuresOf(samples: Samples): Figure[] {
  const pick = (of: (sample: Sample) => number | undefined) => picker(samples, of)
  const wall = pick((sample) => sample.wall)
  const cpu = pick((sample) => sample.cpu)
  const stored = pick((sample) => sample.stored)
  const fill = pick((sample) => sample.fill)
  const syncs = pick((sample) => sample.syncs)
  const puts = pick((sample) => sample.hub?.requests?.puts)
  const putsPerGiB = pick(({ hub, content }) => hub?.requests && content && (hub.requests.puts / content) * 2 ** 30)
  const getsPer2MB = pick(({ hub, sent }) => hub?.requests && sent && hub.requests.gets / (sent / 2e6))
  const peak = pick((sample) => sample.peak / MiB)
  const hubPeak = pick((sample) => sample.hub && sample.hub.peak / MiB)

  return [
    {
      what: 'first push, wall / restic',
      value: over(wall('mixed', STEP.push), wall('mixed', STEP.push, 'restic')),
      limit: 0.75,
    },
    {
      what: 'first push, wall / tar | zstd -3',
      value: over(wall('mixed', STEP.push), wall('mixed', STEP.push, 'tar | zstd -3')),
      limit: 1.3,
    },
    {
      what: 'first push, CPU of the client / restic',
      value: over(cpu('mixed', STEP.push), cpu('mixed', STEP.push, 'restic')),
      limit: 0.6,
    },
    {
      what: 'first push of incompressible data, speed / sha256sum',
      value: over(wall('incompressible', STEP.read, 'sha256sum'), wall('incompressible', STEP.push)),
      limit: 0.5,
      least: true,
    },
    {
      what: 'push again of 20,000 files, wall, beyond 2 x find',
      value: minus(wall('files', STEP.again), twice(wall('files', STEP.again, 'find -printf'))),
      limit: 0.15,
      unit: 's',
    },
    {
      what: 'first pull, wall / cp -r, both synced',
      value: over(wall('mixed', STEP.pull), wall('mixed', STEP.pull, 'cp -r, sync')),
      limit: 1.2,
    },
    {
      what: 'first pull, wall / cp -r, neither synced',
      value: over(wall('mixed', STEP.pull, 'aetherfs, no sync'), wall('mixed', STEP.pull, 'cp -r')),
      limit: 1.2,
    },
    {
      what: 'update in place, wall / rsync -a',
      value: over(wall('mixed', STEP.update), wall('mixed', STEP.update, 'rsync -a')),
      limit: 1,
    },
    {
      what: 'update in place without sync, wall / rsync -a',
      value: over(wall('mixed', STEP.update, 'aetherfs, no sync'), wall('mixed', STEP.update, 'rsync -a')),
      limit: 1,
    },
    {
      what: 'calls of fsync and its kin in a pull of 20,000 files',
      value: syncs('syncs', STEP.pull, 'aetherfs, under strace'),
      limit: 20,
    },
    {
      what: 'stored by v1 / restic',
      value: over(stored('mixed', STEP.push), stored('mixed', STEP.push, 'restic')),
      limit: 1,
    },
    {
      what: 'stored by v1 / tar | zstd -3',
      value: over(stored('mixed', STEP.push), stored('mixed', STEP.push, 'tar | zstd -3')),
      limit: 1.04,
    },
    {
      what: 'stored by v2 / restic',
      value: over(stored('mixed', STEP.pushNext), stored('mixed', STEP.pushNext, 'restic')),
      limit: 1,
    },
    ...['large-file', 'many-files'].flatMap((scenario) => [
      { what: `${scenario}: memory of a push`, value: peak(scenario, STEP.push), limit: 300, unit: 'MiB' },
      { what: `${scenario}: memory of a pull`, value: peak(scenario, STEP.pull), limit: 300, unit: 'MiB' },
      {
        what: `${scenario}: memory of the hub`,
        value: most(hubPeak(scenario, STEP.push), hubPeak(scenario, STEP.pull)),
        limit: 300,
        unit: 'MiB',
      },
    ]),
    {
      what: 'memory of a hub with 64 clients',
      value: hubPeak('fleet', STEP.pull, 'aetherfs, 64 clients'),
      limit: 512,
      unit: 'MiB',
    },
    {
      what: 'PUTs per GiB pushed',
      value: most(putsPerGiB('incompressible', STEP.push), putsPerGiB('mixed', STEP.push)),
      limit: 80,
    },
    { what: 'PUTs of a small push', value: puts('small-push', STEP.pushNext), limit: 4 },
    { what: 'GETs per 2 MB of a first pull', value: getsPer2MB('mixed', STEP.pull), limit: 1 },
    { what: 'link filled by a pull', value: fill('mixed', STEP.linkPull), limit: 0.9, least: true },
    ...deltaFigures(samples),
    ...doorFigures(samples),
  ]
}

export function isMet({ value, limit, least = false }: Figure): boolean | undefined {
  if (value === undefined) return undefined
  return least ? value >= limit : value <= limit
}

/** Lines of text. */
export function figureTable(figures: readonly Figure[]): string[] {
  const columns = [
    { title: 'FIGURE' },
    { title: 'MEASURED', align: 'right' as const },
    { title: 'TARGET', align: 'right' as const },
    { title: '' },
  ]
  const measured = figures.filter(({ value }) => value !== undefined)
  const missing = figures.filter(({ value }) => value === undefined).map(({ what }) => what)
  const note = missing.length === 0 ? [] : ['', `Not measured in this run: ${missing.join('; ')}`]
  return [...formatTable(columns, measured.map(rowOf)), ...note]
}

function rowOf(figure: Figure): string[] {
  const { what, value, limit, least = false, unit } = figure
  const show = (number: number) => `${Number(number.toPrecision(3))}${unit === undefined ? '' : ` ${unit}`}`
  const target = `${least ? '>=' : '<='} ${show(limit)}`
  return [
    what,
    show(value!),
    target,
    isMet(figure) ? 'ok' : `MISSED by ${Number((Math.abs(value! / limit - 1) * 100).toPrecision(2))} %`,
  ]
}
