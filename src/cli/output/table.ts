// Aligned columns. The last column is never padded, so that lines do not end in spaces.
import { stripVTControlCharacters } from 'node:util'

export interface Column {
  title: string
  /** @default "left" */
  align?: 'left' | 'right'
}

/** One line for the titles and one for each row. */
export function formatTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  return alignRows([columns.map((column) => column.title), ...rows], columns)
}

/** "key  value" lines. */
export function formatPairs(pairs: readonly (readonly [string, string])[]): string[] {
  return alignRows(pairs)
}

function alignRows(rows: readonly (readonly string[])[], columns: readonly Column[] = []): string[] {
  const widths: number[] = []
  for (const row of rows) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, displayWidth(cell))
  }
  const line = (row: readonly string[]) =>
    row.map((cell, i) => padCell(cell, widths[i] ?? 0, columns[i]?.align)).join('  ')
  return rows.map((row) => line(row).trimEnd())
}

function padCell(cell: string, width: number, align: Column['align'] = 'left'): string {
  const space = ' '.repeat(Math.max(0, width - displayWidth(cell)))
  return align === 'right' ? space + cell : cell + space
}

/** Characters that a terminal shows; close enough for aligning, without tables of wide scripts. */
export function displayWidth(text: string): number {
  return [...stripVTControlCharacters(text)].length
}
