// aetherfs diff: what differs between two snapshots.
import type { Difference, MovedBytes } from '../client/client.ts'
import type { Entry } from '../core/listing.ts'
import type { Context } from './context.ts'
import { EXIT } from './errors/exit-codes.ts'
import { differenceJson, movedJson } from './output/json-shapes.ts'
import { countOf, formatBytes } from './output/numbers.ts'
import { printable } from './output/printable.ts'
import type { Style } from './output/style.ts'
import { formatTable } from './output/table.ts'
import type { Verb } from './verb.ts'

interface Flags {
  exitCode?: boolean
  bytes?: boolean
}

export const diff: Verb<Flags> = {
  define(command) {
    command
      .argument('<before>', 'reference of the one snapshot')
      .argument('<after>', 'reference of the other; may be on another hub')
      .option('--bytes', 'show what has to be moved for each file: by chunks, and by the delta that the hub has')
      .option('--exit-code', 'exit with 1 when they differ')
  },
  examples: [
    ['aetherfs diff geo:v1 geo:v2', '"+" added, "-" removed, "~" changed, with sizes'],
    ['aetherfs diff geo:stable geo:latest --exit-code > /dev/null', 'as a question in a script'],
    ['aetherfs diff geo:v1 geo:v2 --bytes', 'where the bytes of an update are'],
    ['aetherfs diff geo:v1 geo:v2 --json', 'one JSON value a line'],
  ],
  exits: [EXIT.notFound, EXIT.unauthenticated, EXIT.denied, EXIT.integrity, EXIT.temporary],
  async run(context, [before = '', after = ''], { exitCode, bytes }) {
    const { client, out, style, signal } = context
    const tally = createTally()
    if (bytes) await showBytes(context, before, after, tally)
    else
      for await (const difference of (await client()).diff(before, after, { signal })) {
        tally.add(difference)
        await (out.json ? out.value(differenceJson(difference)) : out.line(differenceLine(difference, style)))
      }
    if (!out.json) await out.line(tally.summary())
    return exitCode && tally.count() > 0 ? EXIT.other : EXIT.ok
  },
}

type Tally = ReturnType<typeof createTally>

async function showBytes({ client, out, style, signal }: Context, before: string, after: string, tally: Tally) {
  const { differences, rest, total } = await (await client()).diffBytes(before, after, { signal })
  for (const difference of differences) tally.add(difference)
  if (differences.length === 0) return
  if (out.json) {
    for (const { moved, ...one } of differences) await out.value({ ...differenceJson(one), ...movedJson(moved) })
    return out.value({ rest: movedJson(rest), total: movedJson(total) })
  }
  const rows = differences.map((one) => [nameOf(one, style), ...cells(one.moved)])
  const sums = [
    ['  listing, times, books', ...cells(rest)],
    ['  total', ...cells(total)],
  ]
  await out.lines(formatTable(COLUMNS, [...rows, ...sums]))
}

const RIGHT = { align: 'right' } as const
const COLUMNS = [
  { title: '  FILE' },
  { title: 'IN NEW CHUNKS', ...RIGHT },
  { title: 'CHUNKS, STORED', ...RIGHT },
  { title: 'DELTA', ...RIGHT },
]

function cells({ changed, chunks, delta }: MovedBytes): string[] {
  return [formatBytes(changed), formatBytes(chunks), delta === undefined ? '-' : formatBytes(delta)]
}

function nameOf({ path, change }: Difference, style: Style): string {
  if (change === 'added') return style.good(`+ ${printable(path)}`)
  return change === 'removed' ? style.bad(`- ${printable(path)}`) : style.changed(`~ ${printable(path)}`)
}

function differenceLine({ path, change, before, after }: Difference, style: Style): string {
  const name = printable(path)
  if (change === 'added') return style.good(`+ ${name}  ${describe(after)}`)
  if (change === 'removed') return style.bad(`- ${name}  ${describe(before)}`)
  return style.changed(`~ ${name}  ${describe(before)} -> ${describe(after)}`)
}

function describe(entry: Entry | undefined): string {
  if (entry?.kind === 'file') return `${formatBytes(entry.size)}${entry.executable ? ' executable' : ''}`
  return entry?.kind === 'link' ? `link to ${printable(entry.target)}` : 'folder'
}

function createTally() {
  const counts = { added: 0, removed: 0, changed: 0 }
  const bytes = { added: 0, removed: 0, changed: 0 }
  const count = () => counts.added + counts.removed + counts.changed
  return {
    count,
    add({ change, before, after }: Difference) {
      counts[change]++
      bytes[change] +=
        change === 'removed' ? sizeOf(before) : sizeOf(after) - (change === 'changed' ? sizeOf(before) : 0)
    },
    summary() {
      if (count() === 0) return 'no differences'
      const growth = `${bytes.changed < 0 ? '' : '+'}${formatBytes(bytes.changed)}`
      return `${counts.added} added (${formatBytes(bytes.added)}), ${counts.removed} removed (${formatBytes(bytes.removed)}), ${countOf(counts.changed, 'changed', 'changed')} (${growth})`
    },
  }
}

function sizeOf(entry: Entry | undefined): number {
  return entry?.kind === 'file' ? entry.size : 0
}
