// One row of progress as text that fits a width: what matters least is left out first.
import { countOf, formatBytes, formatDuration } from '../output/numbers.ts'
import { printable } from '../output/printable.ts'
import { displayWidth } from '../output/table.ts'
import { PHASE_NAMES, type Row } from './rows.ts'

const BAR = 20
const SUBJECT = 32

interface Part {
  text: string
  /** Parts with a higher number go first when there is no room. */
  drop: number
}

/** @param subjectWidth columns for the subject, so that rows align. */
export function formatRow(row: Row, nowMs: number, width: number, subjectWidth: number): string {
  const subject = shorten(printable(row.progress.subject), Math.min(SUBJECT, subjectWidth)).padEnd(
    Math.min(SUBJECT, subjectWidth),
  )
  const head = `${subject}  ${PHASE_NAMES[row.progress.phase].padEnd(10)}`
  const parts = row.doneMs === undefined ? activeParts(row, nowMs) : doneParts(row)
  return fit([{ text: head, drop: 0 }, ...parts], width)
}

/** The same for logs: all parts, without a bar. */
export function formatPlainRow(row: Row, nowMs: number): string {
  const parts =
    row.doneMs === undefined ? activeParts(row, nowMs).filter(({ text }) => !text.startsWith('[')) : doneParts(row)
  return `${printable(row.progress.subject)}: ${PHASE_NAMES[row.progress.phase].toLowerCase()}${parts.map(({ text }) => `, ${text}`).join('')}`
}

export function subjectWidth(rows: readonly Row[]): number {
  return Math.max(0, ...rows.map((row) => displayWidth(printable(row.progress.subject))))
}

function activeParts(row: Row, now: number): Part[] {
  const { bytes, totalBytes, reusedBytes } = row.progress
  const rate = row.rate.perSecond(now)
  const parts: Part[] = []
  if (totalBytes) parts.push({ text: bar(bytes / totalBytes), drop: 3 })
  parts.push({ text: amount(row), drop: 1 })
  if (rate) parts.push({ text: `${formatBytes(rate)}/s`, drop: 2 })
  if (rate && totalBytes && totalBytes > bytes)
    parts.push({ text: `${formatDuration(((totalBytes - bytes) / rate) * 1000)} left`, drop: 4 })
  if (reusedBytes) parts.push({ text: `${formatBytes(reusedBytes)} reused`, drop: 5 })
  return parts.filter(({ text }) => text !== '')
}

function doneParts(row: Row): Part[] {
  const { reusedBytes } = row.progress
  const parts: Part[] = [{ text: 'done', drop: 1 }]
  const moved = amount(row)
  if (moved !== '') parts.push({ text: moved, drop: 2 })
  parts.push({ text: formatDuration(row.doneMs! - row.startedMs), drop: 3 })
  if (reusedBytes) parts.push({ text: `${formatBytes(reusedBytes)} reused`, drop: 4 })
  return parts
}

/** "12.0 MiB / 1.0 GiB"; of files when no bytes are counted. */
function amount({ progress: { bytes, totalBytes, files, totalFiles, done } }: Row): string {
  if (totalBytes !== undefined && !done) return `${formatBytes(bytes)} / ${formatBytes(totalBytes)}`
  if (bytes > 0) return formatBytes(bytes)
  if (files === undefined) return ''
  return totalFiles === undefined || done ? countOf(files, 'file') : `${countOf(files, 'file')} of ${totalFiles}`
}

function bar(share: number): string {
  const filled = Math.floor(Math.min(1, Math.max(0, share)) * BAR)
  const text = '='.repeat(filled) + (filled < BAR ? '>' : '')
  return `[${text.padEnd(BAR).slice(0, BAR)}]`
}

function fit(parts: readonly Part[], width: number): string {
  let left = [...parts]
  while (left.length > 1 && joined(left).length > width) {
    const last = Math.max(...left.map(({ drop }) => drop))
    left = left.filter(({ drop }) => drop !== last)
  }
  return shorten(joined(left), width)
}

function joined(parts: readonly Part[]): string {
  return parts
    .map(({ text }) => text)
    .join('  ')
    .trimEnd()
}

function shorten(text: string, width: number): string {
  const characters = [...text]
  return characters.length <= width ? text : `${characters.slice(0, Math.max(0, width - 1)).join('')}…`
}
