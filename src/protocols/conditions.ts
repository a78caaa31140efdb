// Conditional requests: RFC 9110, section 13. Entity tags come first: what we serve is named by its hash.
import type { IncomingHttpHeaders } from 'node:http'

export type Condition = 'proceed' | 'not-modified' | 'failed'

/**
 * What the conditions of a GET or HEAD say of the representation with this strong tag, in the order of section 13.2.2:
 * each date counts only where the condition on tags that it stands in for is missing.
 * @param modified whole seconds; without it dates are not looked at
 */
export function evaluate(headers: IncomingHttpHeaders, etag: string, modified?: Date): Condition {
  const match = headers['if-match']
  if (match !== undefined ? !names(match, etag) : isAfter(modified, headers['if-unmodified-since'])) return 'failed'
  const noneMatch = headers['if-none-match']
  if (noneMatch !== undefined) return names(noneMatch.replaceAll('W/', ''), etag) ? 'not-modified' : 'proceed'
  return isAfter(modified, headers['if-modified-since']) === false ? 'not-modified' : 'proceed'
}

/**
 * True when a range may be answered: If-Range is missing, or names this very representation.
 * @param modified only where nothing else can ever have this date at this address: a date that was set by the maker of a
 * file is otherwise no strong validator (section 8.8.2.2)
 */
export function rangeHolds(headers: IncomingHttpHeaders, etag: string, modified?: Date): boolean {
  const condition = headers['if-range']
  if (condition === undefined || condition === etag) return true
  return modified !== undefined && parseHttpDate(String(condition)) === modified.getTime()
}

/** The form of dates in headers: whole seconds. */
export function formatHttpDate(date: Date): string {
  return date.toUTCString()
}

function names(list: string, etag: string): boolean {
  return list.trim() === '*' || list.split(',').some((tag) => tag.trim() === etag)
}

/** Undefined when either is unknown. */
function isAfter(modified: Date | undefined, header: string | undefined): boolean | undefined {
  const since = parseHttpDate(header)
  return modified === undefined || since === undefined ? undefined : modified.getTime() > since
}

const DATE =
  /^(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT|[A-Z][a-z]+day, \d\d-[A-Z][a-z]{2}-\d\d \d\d:\d\d:\d\d GMT|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4})$/

/** Milliseconds since 1970 of one of the three forms in section 5.6.7; undefined for anything else, which is then ignored. */
function parseHttpDate(text: string | undefined): number | undefined {
  if (text === undefined || !DATE.test(text)) return undefined
  const time = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`) // the asctime form tells no zone
  return Number.isNaN(time) ? undefined : time
}
