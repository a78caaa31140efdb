// Progress on a terminal: rows at the bottom of stderr, drawn over at most ten times a second, gone at the end.
import type { Clock, Sink } from '../world.ts'
import { formatRow, subjectWidth } from './format-row.ts'
import type { ProgressView } from './progress-view.ts'
import { createRows, tellingRows, visibleRows } from './rows.ts'

const REDRAW_MS = 100

export function createTerminalView(sink: Sink, clock: Clock): ProgressView {
  const rows = createRows()
  let drawn = 0
  let changed = false
  let finished = false

  const draw = () => {
    const shown = visibleRows(tellingRows(rows.all()), Math.max(1, sink.rows - 1))
    // One column is left free: a line that fills the last one may wrap, and then could not be drawn over.
    const lines = shown.map((row) => formatRow(row, clock.now(), sink.columns - 1, subjectWidth(shown)))
    const text = `${erase(drawn)}${lines.map((line) => `${line}\n`).join('')}`
    drawn = lines.length
    return sink.write(text)
  }
  const stop = clock.every(REDRAW_MS, () => {
    if (changed) void draw()
    changed = false
  })

  return {
    report(progress) {
      if (finished) return
      rows.update(progress, clock.now())
      changed = true
    },
    async above(line) {
      const text = `${erase(drawn)}${line}\n`
      drawn = 0
      await sink.write(text)
      if (!finished) await draw()
    },
    finish() {
      if (finished) return
      finished = true
      stop()
      void sink.write(erase(drawn))
      drawn = 0
    },
  }
}

/** Moves up `lines` lines and clears from there. */
function erase(lines: number): string {
  return lines === 0 ? '' : `\r\x1b[${lines}A\x1b[J`
}
