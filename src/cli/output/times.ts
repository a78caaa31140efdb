// Points in time, which the project keeps in microseconds since 1970: for people relative and in local time, for
// programs in UTC with all digits.

const STEPS: readonly [seconds: number, name: string][] = [
  [365 * 86_400, 'year'],
  [30 * 86_400, 'month'],
  [7 * 86_400, 'week'],
  [86_400, 'day'],
  [3600, 'hour'],
  [60, 'minute'],
  [1, 'second'],
]

/** "3 hours ago", "in 2 minutes", "just now". */
export function formatAge(micros: number, nowMs: number): string {
  const seconds = Math.round(nowMs / 1000 - micros / 1e6)
  const size = Math.abs(seconds)
  const step = STEPS.find(([length]) => size >= length)
  if (step === undefined) return 'just now'
  const count = Math.floor(size / step[0])
  const words = `${count} ${step[1]}${count === 1 ? '' : 's'}`
  return seconds < 0 ? `in ${words}` : `${words} ago`
}

/** "2026-11-22 10:00" in local time. */
export function formatMinute(micros: number): string {
  const date = new Date(micros / 1000)
  const day = `${pad(date.getFullYear(), 4)}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`
  return `${day} ${pad(date.getHours())}:${pad(date.getMinutes())}`
}

/** "3 hours ago (2026-11-22 10:00)". */
export function formatWhen(micros: number, nowMs: number): string {
  return `${formatAge(micros, nowMs)} (${formatMinute(micros)})`
}

/** "2026-11-22T09:00:00.123456Z": UTC, always six digits behind the point. */
export function toTimestamp(micros: number): string {
  const ms = Math.floor(micros / 1000)
  return new Date(ms).toISOString().replace('Z', `${pad(micros - ms * 1000, 3)}Z`)
}

function pad(value: number, width = 2): string {
  return String(value).padStart(width, '0')
}
