// The JSON that scripts rely on. docs/command-line.md shows each shape; a change here is a change that users notice.
// Digests are "sha256:…", as references have them; times are UTC; what is not known is null, never left out.
import type { Difference, MovedBytes, PushResult } from '../../client/client.ts'
import type { PullResult } from '../../client/pull/pull.ts'
import type { VerifiedVersion, VerifyResult } from '../../client/pull/verify-folder.ts'
import type { LogEntry, SnapshotSummary, TagInfo, TagResult, TimedEntry } from '../../core/dataset.ts'
import { type Digest, formatDigest } from '../../core/id.ts'
import type { Entry } from '../../core/listing.ts'
import { toTimestamp } from './times.ts'

export function tagJson(tag: TagInfo) {
  return {
    tag: tag.name,
    digest: formatDigest(tag.digest),
    kind: tag.version ? 'version' : 'channel',
    moved: toTimestamp(tag.movedMicros),
    movedBy: tag.movedBy,
  }
}

export function tagResultJson({ tag, previous }: TagResult) {
  return { ...tagJson(tag), previous: digestJson(previous) }
}

export function entryJson(entry: TimedEntry) {
  return { ...plainEntryJson(entry), modified: toTimestamp(entry.modifiedMicros) }
}

function plainEntryJson(entry: Entry) {
  const { path, kind } = entry
  if (kind === 'file') return { path, kind, size: entry.size, executable: entry.executable, sha256: entry.hash }
  return kind === 'link' ? { path, kind, target: entry.target } : { path, kind }
}

export function differenceJson({ path, change, before, after }: Difference) {
  return { path, change, before: before ? plainEntryJson(before) : null, after: after ? plainEntryJson(after) : null }
}

export function movedJson({ changed, chunks, delta }: MovedBytes) {
  return { changedBytes: changed, chunkBytes: chunks, deltaBytes: delta ?? null }
}

export function logJson(entry: LogEntry) {
  return {
    tag: entry.tag,
    action: entry.action,
    from: digestJson(entry.from),
    to: digestJson(entry.to),
    when: toTimestamp(entry.whenMicros),
    who: entry.who,
    reason: entry.reason,
  }
}

export function snapshotJson(summary: SnapshotSummary) {
  const { size, files, entries, blocks, storedSize, creator, createdMicros, message, labels } = summary
  const deltas = summary.deltas.map(({ from, to, size }) => ({ from: formatDigest(from), to: formatDigest(to), size }))
  const created = toTimestamp(createdMicros)
  return { size, files, entries, blocks, storedSize, creator, created, message, labels, deltas }
}

export function pushJson(result: PushResult) {
  const { host, dataset, digest, existed, warnings, dryRun } = result
  const { files, bytes, newBytes, sentBytes, deltaBytes, blocks, unreadBytes } = result
  const counts = { files, bytes, newBytes, sentBytes, deltaBytes, blocks, unreadBytes }
  const skipped = result.skipped.map(({ path, reason }) => ({ path, reason }))
  const tags = result.tags.map(tagResultJson)
  return { host, dataset, digest: formatDigest(digest), tags, ...counts, existed, skipped, warnings, dryRun }
}

export function pullJson(result: PullResult) {
  const { host, dataset, tag, digest, path, unchanged, previous, warnings, dryRun } = result
  const { files, bytes, downloadedBytes, deltaBytes, reusedBytes, blockRequests, linkedFiles, removedVersions } = result
  const what = { host, dataset, tag: tag ?? null, digest: formatDigest(digest), path, previous: digestJson(previous) }
  const moved = { downloadedBytes, deltaBytes, reusedBytes, blockRequests }
  return { ...what, files, bytes, ...moved, linkedFiles, removedVersions, unchanged, warnings, dryRun }
}

export function verifyJson({ ok, versions, files, bytes }: VerifyResult) {
  return { ok, files, bytes, versions: versions.map(verifiedJson) }
}

function verifiedJson({ path, digest, links, known, host, dataset, files, bytes, findings }: VerifiedVersion) {
  const found = findings.map(({ path, problem, expected, actual }) => ({
    path,
    problem,
    expected: expected ?? null,
    actual: actual ?? null,
  }))
  const origin = { host: host ?? null, dataset: dataset ?? null, digest: formatDigest(digest) }
  return { path, ...origin, links, known, files, bytes, findings: found }
}

export function digestJson(digest: Digest | undefined): string | null {
  return digest === undefined ? null : formatDigest(digest)
}
