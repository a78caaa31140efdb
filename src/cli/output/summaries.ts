// The one line that tells how a push or a pull went.
import type { PushResult } from '../../client/client.ts'
import type { PullResult } from '../../client/pull/pull.ts'
import { countOf, formatBytes, formatDuration, formatShare } from './numbers.ts'

/** "1.0 GiB in 20,004 files; 3.4 MiB sent (delta), 0.3 %; 1.2 s". */
export function pushSummary(result: PushResult, elapsedMs: number): string {
  const content = `${formatBytes(result.bytes)} in ${countOf(result.files, 'file')}`
  return `${content}; ${sent(result)}; ${formatDuration(elapsedMs)}`
}

/** The same for all that one pull brought: "60.2 MiB in 403 files; 1.1 MiB received (delta), 1.8 %; 58.0 MiB were there; 0.4 s". */
export function pullSummary(results: readonly PullResult[], elapsedMs: number): string {
  const total = (pick: (result: PullResult) => number) => results.reduce((sum, result) => sum + pick(result), 0)
  const bytes = total((result) => result.bytes)
  const content = `${formatBytes(bytes)} in ${countOf(
    total((result) => result.files),
    'file',
  )}`
  const reused = total((result) => result.reusedBytes)
  const downloaded = total((result) => result.downloadedBytes)
  const parts = [content, received(results, downloaded, bytes)]
  if (reused > 0 && !results.every(({ unchanged }) => unchanged)) parts.push(`${formatBytes(reused)} were there`)
  return [...parts, formatDuration(elapsedMs)].join('; ')
}

function received(results: readonly PullResult[], downloaded: number, bytes: number): string {
  const how = byDelta(results.some(({ deltaBytes }) => deltaBytes > 0))
  if (results.some(({ dryRun }) => dryRun)) return `${moved(downloaded, bytes)} would be received${how}`
  if (results.every(({ unchanged }) => unchanged)) return 'up to date'
  return `${formatBytes(downloaded)} received${how}${share(downloaded, bytes)}`
}

function sent({ bytes, sentBytes, deltaBytes, existed, dryRun }: PushResult): string {
  const how = byDelta(deltaBytes > 0)
  if (dryRun) return `about ${moved(sentBytes, bytes)} would be sent${how}`
  if (sentBytes === 0) return existed ? 'the hub has it already, nothing sent' : 'nothing sent'
  return `${formatBytes(sentBytes)} sent${how}${share(sentBytes, bytes)}`
}

/** Tells that what changed was moved, and not the chunks that it lies in. */
function byDelta(isDelta: boolean): string {
  return isDelta ? ' (delta)' : ''
}

/** Nothing where books and listing outweigh the files: "1833 %" of next to nothing tells nobody anything. */
function share(part: number, whole: number): string {
  return part > whole ? '' : `, ${formatShare(part, whole)}`
}

function moved(part: number, whole: number): string {
  return `${formatBytes(part)} (${formatShare(part, whole)})`
}
