// The state behind a progress display: one row for each thing that is worked on and each phase of that.
import type { Phase, Progress } from '../../client/progress.ts'
import { createRate, type Rate } from './rate.ts'

export interface Row {
  progress: Progress
  startedMs: number
  /** When its phase was done. */
  doneMs: number | undefined
  rate: Rate
}

export const PHASE_NAMES: Readonly<Record<Phase, string>> = {
  scan: 'Scanning',
  read: 'Reading',
  upload: 'Sending',
  publish: 'Publishing',
  resolve: 'Resolving',
  download: 'Receiving',
  write: 'Writing',
  sync: 'Syncing',
  verify: 'Checking',
}

export interface Rows {
  update(progress: Progress, nowMs: number): void
  /** In the order in which they began. */
  all(): Row[]
}

export function createRows(): Rows {
  const rows = new Map<string, Row>()
  return {
    update(progress, now) {
      const key = `${progress.phase} ${progress.subject}`
      const row = rows.get(key) ?? { progress, startedMs: now, doneMs: undefined, rate: createRate() }
      row.progress = progress
      row.rate.add(now, progress.bytes)
      if (progress.done) row.doneMs ??= now
      rows.set(key, row)
    },
    all: () => [...rows.values()],
  }
}

/** Without rows that have nothing to show and whose work has moved on to a later phase. */
export function tellingRows(rows: readonly Row[]): Row[] {
  return rows.filter(({ progress, doneMs }, i) => {
    const empty = progress.bytes === 0 && progress.totalBytes === undefined && progress.files === undefined
    return (
      !empty || doneMs !== undefined || !rows.slice(i + 1).some((later) => later.progress.subject === progress.subject)
    )
  })
}

/** Rows to show where there is room for `limit`: those under way first, then those done last; in their usual order. */
export function visibleRows(rows: readonly Row[], limit: number): Row[] {
  if (rows.length <= limit) return [...rows]
  const byNeed = rows
    .toReversed()
    .sort((a, b) => (b.doneMs ?? Number.POSITIVE_INFINITY) - (a.doneMs ?? Number.POSITIVE_INFINITY) || 0)
  const chosen = new Set(byNeed.slice(0, limit))
  return rows.filter((row) => chosen.has(row))
}
