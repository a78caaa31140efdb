// The header Retry-After: seconds or a date (RFC 9110, section 10.2.3).

/** Milliseconds from `now` on, 0 when that is past; undefined when the text is absent or says nothing. */
export function parseRetryAfter(text: string | undefined, now = Date.now()): number | undefined {
  if (text === undefined) return undefined
  const wait = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now
  return Number.isFinite(wait) ? Math.max(0, wait) : undefined
}
