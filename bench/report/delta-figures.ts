// What updates by delta have to reach.
import type { Samples } from '../measure/samples.ts'
import { deltaCodec } from '../tools/delta-codec.ts'
import { chunks } from '../tools/deltas.ts'
import { patchFrom } from '../tools/patch-from.ts'
import { rsyncDelta } from '../tools/rsync.ts'
import { STEP } from '../tools/tool.ts'
import type { Figure } from './figures.ts'
import { over, picker } from './ratios.ts'

const MB = 1e6
const MiB = 2 ** 20

export function deltaFigures(samples: Samples): Figure[] {
  const [wall, sent] = [picker(samples, (sample) => sample.wall), picker(samples, (sample) => sample.sent)]
  const peak = picker(samples, (sample) => sample.peak / MiB)
  const speed = picker(samples, ({ content, cpu }) => content && content / MB / cpu)
  const codec = (pick: typeof wall, step: string) => pick('large-database', step, deltaCodec.name)
  const withoutDeltas = (pick: typeof wall, step: string) =>
    over(pick('delta-rewritten', step), pick('delta-rewritten', step, chunks.name))
  const database = (step: string, tool?: string) => wall('large-database', step, tool)

  return [
    ...['sqlite-low', 'sqlite-high', 'text', 'files', 'lmdb'].map((set) => ({
      what: `${set}: bytes of the update / zstd --patch-from`,
      value: over(sent(`delta-${set}`, STEP.update), sent(`delta-${set}`, STEP.update, patchFrom.name)),
      limit: 2,
    })),
    ...['sqlite-low', 'sqlite-high', 'text', 'lmdb'].map((set) => ({
      what: `${set}: bytes of rsync / bytes of the update`,
      value: over(sent(`delta-${set}`, STEP.update, rsyncDelta.name), sent(`delta-${set}`, STEP.update)),
      limit: 20,
      least: true,
    })),
    {
      what: 'one-byte: bytes of the update, record and delta',
      value: sent('delta-one-byte', STEP.update),
      limit: 2000,
    },
    {
      what: 'encoding, speed of a core in what changed',
      value: codec(speed, STEP.encode),
      limit: 150,
      least: true,
      unit: 'MB/s',
    },
    { what: 'encoding, memory', value: codec(peak, STEP.encode), limit: 300, unit: 'MiB' },
    { what: 'applying, speed of a core', value: codec(speed, STEP.apply), limit: 700, least: true, unit: 'MB/s' },
    {
      what: 'large-database: update, wall / rsync --no-whole-file',
      value: over(database(STEP.update), database(STEP.update, rsyncDelta.name)),
      limit: 1,
    },
    {
      what: 'large-database: update over a link, wall by chunks / by delta',
      value: over(database(STEP.linkUpdate, chunks.name), database(STEP.linkUpdate)),
      limit: 10,
      least: true,
    },
    ...[STEP.pushNext, STEP.firstUpdate, STEP.update].flatMap((step) => [
      { what: `rewritten: ${step}, wall / by chunks`, value: withoutDeltas(wall, step), limit: 1.03 },
      { what: `rewritten: ${step}, bytes / by chunks`, value: withoutDeltas(sent, step), limit: 1.03 },
    ]),
  ]
}
