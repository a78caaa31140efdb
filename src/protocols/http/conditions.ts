// Conditional requests by entity tag: RFC 9110, section 13. There are no dates here: what we serve is named by its hash.
import type { IncomingHttpHeaders } from 'node:http'

export type Condition = 'proceed' | 'not-modified' | 'failed'

/** What If-Match and If-None-Match say of the representation with this strong tag. */
export function evaluate(headers: IncomingHttpHeaders, etag: string): Condition {
  const match = headers['if-match']
  if (match !== undefined && !names(match, etag)) return 'failed'
  const noneMatch = headers['if-none-match']
  if (noneMatch !== undefined && names(noneMatch.replaceAll('W/', ''), etag)) return 'not-modified'
  return 'proceed'
}

/** True when a range may be answered: If-Range is missing, or names this very representation. */
export function rangeHolds(headers: IncomingHttpHeaders, etag: string): boolean {
  const condition = headers['if-range']
  return condition === undefined || condition === etag
}

function names(list: string, etag: string): boolean {
  return list.trim() === '*' || list.split(',').some((tag) => tag.trim() === etag)
}
