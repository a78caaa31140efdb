// What differs between two listings.
import type { TimedEntry } from '../core/dataset.ts'
import type { Entry } from '../core/listing.ts'
import { compareBytes } from '../core/path.ts'
import type { Difference } from './client.ts'

/** Differences in byte order of paths. Modification times do not count. */
export function* diffListings(before: readonly TimedEntry[], after: readonly TimedEntry[]): Generator<Difference> {
  let i = 0
  let j = 0
  while (i < before.length || j < after.length) {
    const order = i >= before.length ? 1 : j >= after.length ? -1 : compareBytes(before[i]!.path, after[j]!.path)
    if (order < 0) yield { path: before[i]!.path, change: 'removed', before: before[i++], after: undefined }
    else if (order > 0) yield { path: after[j]!.path, change: 'added', before: undefined, after: after[j++] }
    else {
      const [a, b] = [before[i++]!, after[j++]!]
      if (!sameEntry(a, b)) yield { path: a.path, change: 'changed', before: a, after: b }
    }
  }
}

function sameEntry(a: Entry, b: Entry): boolean {
  if (a.kind === 'file' && b.kind === 'file') return a.hash === b.hash && a.executable === b.executable
  if (a.kind === 'link' && b.kind === 'link') return a.target === b.target
  return a.kind === b.kind
}
