// Progress where there is no terminal: now and then one line for each row that has moved, for logs or for programs.
import type { Progress } from '../../client/progress.ts'
import { toTimestamp } from '../output/times.ts'
import type { Clock, Sink } from '../world.ts'
import { formatPlainRow } from './format-row.ts'
import type { ProgressView } from './progress-view.ts'
import { createRows, type Row } from './rows.ts'

const INTERVAL_MS = 5000

export function createLineView(sink: Sink, clock: Clock, format: (row: Row, nowMs: number) => string): ProgressView {
  const rows = createRows()
  const written = new Map<Row, Progress>()
  const stop = clock.every(INTERVAL_MS, () => {
    const now = clock.now()
    // A row that was done before the first line of it is left out: short work needs no line.
    const moved = rows
      .all()
      .filter((row) => written.get(row) !== row.progress && (row.doneMs === undefined || written.has(row)))
    for (const row of moved) written.set(row, row.progress)
    void sink.write(moved.map((row) => `${format(row, now)}\n`).join(''))
  })
  return {
    report: (progress) => rows.update(progress, clock.now()),
    above: (line) => sink.write(`${line}\n`),
    finish: stop,
  }
}

export function plainLine(row: Row, nowMs: number): string {
  return formatPlainRow(row, nowMs)
}

export function jsonLine(row: Row, nowMs: number): string {
  return JSON.stringify({ progress: { time: toTimestamp(nowMs * 1000), ...row.progress } })
}
