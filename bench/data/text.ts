// A CSV and a file of JSON lines, and the same with lines on top and 0.1 % of the lines edited, in runs of twenty.
import { join } from 'node:path'
import { createRandom, type Random } from './random.ts'
import { writePieces } from './write-pieces.ts'

type Line = (index: number, random: Random) => string

const BATCH = 1000
/** Of so many batches one has edited lines. */
const EDITED_EVERY = 20
const EDITED_LINES = 20
const LINES_ON_TOP = 200
const HEAD = 'station,time,celsius,humidity,remark\n'

export function makeTexts(v1: string, v2: string, bytes: number): void {
  const lines = Math.ceil(bytes / 2 / 83)
  writePieces(join(v1, 'readings.csv'), textOf(HEAD, csvLine, lines, false))
  writePieces(join(v2, 'readings.csv'), textOf(HEAD, csvLine, lines, true))
  const records = Math.ceil(bytes / 2 / 186)
  writePieces(join(v1, 'events.jsonl'), textOf('', jsonLine, records, false))
  writePieces(join(v2, 'events.jsonl'), textOf('', jsonLine, records, true))
}

function* textOf(head: string, line: Line, count: number, changed: boolean): Generator<string> {
  yield head
  if (changed) yield batchOf(line, -LINES_ON_TOP, LINES_ON_TOP, 3).join('')
  for (let first = 0; first < count; first += BATCH) {
    const lines = batchOf(line, first, Math.min(BATCH, count - first), 1)
    if (changed && (first / BATCH) % EDITED_EVERY === 7) edit(lines, line, first)
    yield lines.join('')
  }
}

/** Each batch has a seed of its own, so that both versions have the same lines but for those that differ. */
function batchOf(line: Line, first: number, count: number, seed: number): string[] {
  const random = createRandom(seed * 1e6 + first)
  return Array.from({ length: count }, (_, i) => line(first + i, random))
}

function edit(lines: string[], line: Line, first: number): void {
  const at = BATCH / 2
  const edited = batchOf(line, first + at, Math.min(EDITED_LINES, Math.max(0, lines.length - at)), 2)
  lines.splice(at, edited.length, ...edited)
}

function csvLine(index: number, random: Random): string {
  const time = new Date(Date.UTC(2026, 0, 1) + index * 1000).toISOString()
  return `S${index >> 12},${time},${(random.below(500) / 10 - 10).toFixed(1)},${random.below(100)},${random.words(7)}\n`
}

function jsonLine(index: number, random: Random): string {
  const { below, words } = random
  return `${JSON.stringify({ id: index, user: below(1e6), kind: words(1), at: [below(9e4), below(9e4)], text: words(20) })}\n`
}
