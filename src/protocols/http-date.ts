// Times of the tree, in microseconds since 1970, as HTTP and XML write them.

/** Milliseconds of 0001-01-01 and of the end of 9999. */
const [FIRST, LAST] = [-62_135_596_800_000, 253_402_300_799_999]

/** "Sun, 06 Nov 1994 08:49:37 GMT": RFC 9110, section 5.6.7. Undefined for times that it cannot tell. */
export function httpDate(micros: number): string | undefined {
  return dateOf(micros)?.toUTCString()
}

/** "1994-11-06T08:49:37.000Z". Undefined for times that it cannot tell. */
export function isoDate(micros: number): string | undefined {
  return dateOf(micros)?.toISOString()
}

/** Undefined for years that have no four digits. */
function dateOf(micros: number): Date | undefined {
  const ms = Math.floor(micros / 1000)
  return ms >= FIRST && ms <= LAST ? new Date(ms) : undefined
}
