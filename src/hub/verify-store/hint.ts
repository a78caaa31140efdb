// What an operator can do about a finding. test/verify-store-mend.test.ts does it.
import type { ReportedFinding } from './report.ts'

export function hintFor({ kind, problem, snapshots, tags }: Omit<ReportedFinding, 'key' | 'reason' | 'hint'>): string {
  // A hub may have a record in its memory, and takes a push for one that it has while a damaged one is in the store.
  const restoreOrRemove =
    problem === 'missing' ? 'Restore it from a backup; or' : 'Restore it from a backup; or remove it and'
  switch (kind) {
    case 'block':
      if (snapshots.count === 0) return 'No snapshot uses it: it may be removed'
      return `${restoreOrRemove} push the files of these snapshots again, with an empty --cache-dir`
    case 'snapshot':
      if (tags.count === 0) return 'No tag points to it: it may be removed'
      return `${restoreOrRemove} push the same files again, roll the tag back, or remove the tag`
    case 'tag':
      return `${restoreOrRemove} push it, or point it, anew`
    case 'log-entry':
      return 'Restore it from a backup. Until then the log ends there, and so does what can be rolled back; what tags point to is not touched'
    case 'delta':
      return 'Remove it: hubs make it anew when it is asked for'
    case 'staged':
      return 'Remove it: clients of version 1 send the block again'
    case 'receipt-key':
      return 'Remove it: the next hub makes a new one, and pushes that are under way send their blocks again'
  }
}
