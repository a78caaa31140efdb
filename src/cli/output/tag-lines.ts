// How a tag that moved is shown: where it points now, and where it pointed before.
import type { TagResult } from '../../core/dataset.ts'
import { formatDigest, shortDigest } from '../../core/id.ts'
import { parseReference } from '../../core/reference.ts'

/** "geo:stable@sha256:…  (was 0123456789ab)"; the host only when the user wrote one. */
export function movedLine(reference: string, { tag, previous }: TagResult): string {
  const { host, dataset } = parseReference(reference)
  const full = `${host === undefined ? '' : `${host}/`}${dataset}:${tag.name}@${formatDigest(tag.digest)}`
  return `${full}  (${history(tag.digest, previous)})`
}

function history(digest: string, previous: string | undefined): string {
  if (previous === undefined) return 'new'
  return previous === digest ? 'unchanged' : `was ${shortDigest(previous)}`
}
