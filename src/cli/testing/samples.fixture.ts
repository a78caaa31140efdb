// Values that several tests show.
import type { PushResult } from '../../client/client.ts'
import type { PullResult } from '../../client/pull/pull.ts'
import type { LogEntry, SnapshotSummary, TagInfo, TimedEntry } from '../../core/dataset.ts'
import type { Digest, FileHash } from '../../core/id.ts'
import type { DatasetName, TagName } from '../../core/names.ts'

export const DIGEST_A = 'a'.repeat(64) as Digest
export const DIGEST_B = 'b'.repeat(64) as Digest
export const HASH = 'c'.repeat(64) as FileHash
export const GEO = 'geo' as DatasetName
/** 2026-11-22T09:00:00.000123Z, an hour before the test clock begins. */
export const NINE = Date.UTC(2026, 10, 22, 9) * 1000 + 123

export function tagInfo(name: string, digest = DIGEST_A): TagInfo {
  return { name: name as TagName, digest, version: /^v\d/.test(name), movedMicros: NINE, movedBy: 'anonymous' }
}

export function file(path: string, size: number, more: { executable?: boolean; hash?: FileHash } = {}): TimedEntry {
  return { kind: 'file', path, size, executable: false, hash: HASH, modifiedMicros: NINE, ...more }
}

export function pushResult(more: Partial<PushResult> = {}): PushResult {
  return {
    host: 'localhost:8080',
    dataset: GEO,
    digest: DIGEST_A,
    tags: [{ tag: tagInfo('v1'), previous: undefined }],
    files: 20_004,
    bytes: 1024 ** 3,
    newBytes: 4_000_000,
    sentBytes: 3_565_158,
    deltaBytes: 0,
    blocks: 1,
    unreadBytes: 0,
    existed: false,
    skipped: [],
    warnings: [],
    dryRun: false,
    ...more,
  }
}

export function pullResult(more: Partial<PullResult> = {}): PullResult {
  return {
    host: 'localhost:8080',
    dataset: GEO,
    tag: 'v1' as TagName,
    digest: DIGEST_A,
    path: '/data/geo/v1',
    files: 403,
    bytes: 60 * 1024 ** 2,
    downloadedBytes: 1024 ** 2,
    deltaBytes: 0,
    blockRequests: 3,
    reusedBytes: 58 * 1024 ** 2,
    linkedFiles: 400,
    unchanged: false,
    previous: DIGEST_B,
    removedVersions: 0,
    warnings: [],
    dryRun: false,
    ...more,
  }
}

export const SUMMARY: SnapshotSummary = {
  digest: DIGEST_A,
  size: 3_000_000,
  files: 2,
  entries: 3,
  blocks: 1,
  storedSize: 1_000_000,
  creator: 'anonymous',
  createdMicros: NINE,
  message: 'November',
  labels: { build: '1234' },
  deltas: [{ from: DIGEST_B, to: DIGEST_A, size: 34_000 }],
}

export const LOG_ENTRY: LogEntry = {
  tag: 'stable' as TagName,
  from: undefined,
  to: DIGEST_A,
  who: 'anonymous',
  whenMicros: NINE,
  reason: 'first',
  action: 'tag',
}

/** What a client's streaming call gives. */
export async function* stream<T>(...items: T[]): AsyncGenerator<T> {
  yield* items
}
