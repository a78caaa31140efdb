// What an operator can do about a finding.
import type { ReportedFinding } from './report.ts'

export function hintFor({ kind, problem, snapshots, tags }: Omit<ReportedFinding, 'key' | 'reason' | 'hint'>): string {
  switch (kind) {
    case 'block':
      if (snapshots.count === 0) return 'No snapshot uses it: it may be removed'
      return problem === 'missing' ? `${RESTORE}, or ${PUSH_AGAIN}` : `${RESTORE}; or remove it and ${PUSH_AGAIN}`
    case 'snapshot':
      if (tags.count === 0) return `No tag points to it: it may be removed`
      return `${RESTORE}; or push the same files again, roll the tag back, or remove the tag`
    case 'tag':
      return `${RESTORE}; or remove it and push, or point, the tag anew`
    case 'log-entry':
      return `${RESTORE}. Until then the log ends there, and rollbacks beyond it fail; what tags point to is not touched`
    case 'receipt-key':
      return 'Remove it: the next hub makes a new one, and pushes that are under way send their blocks again'
  }
}

const RESTORE = 'Restore it from a backup'
const PUSH_AGAIN = 'push the files of these snapshots again, with an empty --cache-dir'
