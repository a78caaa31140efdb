// aetherfs log: every move of a dataset's tags.

import type { LogEntry } from '../core/dataset.ts'
import { AetherError } from '../core/errors.ts'
import { shortDigest } from '../core/id.ts'
import { EXIT } from './errors/exit-codes.ts'
import { usageError } from './errors/usage-error.ts'
import { logJson } from './output/json-shapes.ts'
import { printable } from './output/printable.ts'
import { formatTable } from './output/table.ts'
import { formatWhen } from './output/times.ts'
import type { Verb } from './verb.ts'

interface Flags {
  limit?: string
}

export const log: Verb<Flags> = {
  define(command) {
    command
      .argument('<reference>', 'a dataset, or one of its tags')
      .option('-n, --limit <count>', 'only the newest moves')
  },
  examples: [
    ['aetherfs log geo', 'moves of all tags, newest first'],
    ['aetherfs log geo:stable -n 10', 'the last ten of one tag'],
    ['aetherfs log geo --json', 'one JSON value a line'],
  ],
  exits: [EXIT.notFound, EXIT.unauthenticated, EXIT.denied, EXIT.temporary],
  async run({ client, out, style, signal, now }, [reference = ''], { limit }) {
    const most = readLimit(limit)
    const rows: string[][] = []
    let count = 0
    for await (const entry of (await client()).log(reference, { signal })) {
      if (count++ === most) break
      if (out.json) await out.value(logJson(entry))
      else rows.push(logRow(entry, now()))
    }
    if (count === 0)
      throw new AetherError('not-found', `There are no moves of "${reference}"`, {
        hint: 'aetherfs ls lists the datasets',
      })
    if (out.json) return undefined
    const titles = ['WHEN', 'TAG', 'ACTION', 'FROM', 'TO', 'BY', 'REASON'].map((title) => ({ title }))
    const [head = '', ...lines] = formatTable(titles, rows)
    await out.lines([style.strong(head), ...lines])
    return undefined
  },
}

function logRow({ tag, action, from, to, whenMicros, who, reason }: LogEntry, nowMs: number): string[] {
  const digest = (id: string | undefined) => (id === undefined ? '-' : shortDigest(id))
  return [formatWhen(whenMicros, nowMs), tag, action, digest(from), digest(to), printable(who), printable(reason)]
}

function readLimit(text: string | undefined): number {
  if (text === undefined) return Number.POSITIVE_INFINITY
  if (!/^[1-9]\d*$/.test(text)) throw usageError(`Cannot use "${text}" for --limit: write a whole number from 1`)
  return Number(text)
}
