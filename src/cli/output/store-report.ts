// How the check of a store is told: lines for people, one document for programs. docs/command-line.md shows the latter.
import type { Named, ReportedFinding, StoreReport } from '../../hub/verify-store/report.ts'
import { countOf, formatBytes, formatCount } from './numbers.ts'
import { printable } from './printable.ts'
import type { Style } from './style.ts'
import { toTimestamp } from './times.ts'

export function storeReportJson(report: StoreReport, store: string, files: boolean) {
  const { ok, begun, resumed, counts, unusedBlocks, unknown, found, findings, snapshots, tags } = report
  const checked = {
    blocks: counts.block,
    snapshots: counts.snapshot,
    tags: counts.tag,
    logEntries: counts['log-entry'],
    deltas: counts.delta,
  }
  const facts = { store, files, began: toTimestamp(begun * 1000), resumed, checked, unusedBlocks, unknown }
  return { ok, ...facts, found, findings, snapshots, tags }
}

export function* storeReportLines(report: StoreReport, store: string, style: Style): Generator<string> {
  const { ok, counts, unusedBlocks, unknown, found, findings } = report
  const parts = [
    countOf(counts.block.objects, 'block'),
    countOf(counts.snapshot.objects, 'snapshot'),
    countOf(counts.tag.objects, 'tag'),
    countOf(counts['log-entry'].objects, 'log entry', 'log entries'),
    ...(counts.delta.objects > 0 ? [countOf(counts.delta.objects, 'delta')] : []),
  ]
  const bytes = Object.values(counts).reduce((sum, tally) => sum + tally.bytes, 0)
  yield `${ok ? style.good('ok') : style.bad('bad')}  ${printable(store)}: ${parts.join(', ')}; ${formatBytes(bytes)}`
  for (const finding of findings) yield* findingLines(finding, style)
  if (found > findings.length) yield `  and ${formatCount(found - findings.length)} more`
  if (unusedBlocks.objects > 0)
    yield `  ${countOf(unusedBlocks.objects, 'block')} (${formatBytes(unusedBlocks.bytes)}) that no snapshot uses`
  if (unknown.objects > 0)
    yield `  ${countOf(unknown.objects, 'object')} that no hub has written: ${listOf({ count: unknown.objects, names: unknown.keys.slice(0, 5) })}`
}

function* findingLines(
  { key, problem, reason, snapshots, tags, hint }: ReportedFinding,
  style: Style,
): Generator<string> {
  yield `  ${style.bad(problem)}: ${printable(key)}: ${printable(reason)}`
  if (snapshots.count > 0) yield `    snapshots: ${listOf(snapshots)}`
  if (tags.count > 0) yield `    tags: ${listOf(tags)}`
  yield `    hint: ${hint}`
}

function listOf({ count, names }: Named): string {
  const more = count > names.length ? `, and ${formatCount(count - names.length)} more` : ''
  return names.map(printable).join(', ') + more
}
