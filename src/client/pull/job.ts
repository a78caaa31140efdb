// One pull with its options checked, and what its parts share.
import { createHash } from 'node:crypto'
import { statfsSync } from 'node:fs'
import { AetherError } from '../../core/errors.ts'
import { formatReference, type Reference } from '../../core/reference.ts'
import { type FolderTraits, probeFolder } from '../../dataset/restore/folder-traits.ts'
import { syncTree } from '../../dataset/restore/sync-folder.ts'
import { createPathFilter, type PathTest, type Patterns } from '../../dataset/sources/filter.ts'
import type { Connection } from '../connection.ts'
import type { PullReferenceOptions, PullResult } from './pull.ts'
import { createReport, type Report } from './report.ts'

/** What tests put in the place of the operating system. */
export interface PullDeps {
  probe?: (folder: string) => FolderTraits
  statfs?: (folder: string) => { bavail: number; bsize: number }
  sync?: (folder: string) => Promise<void>
}

export interface Job {
  connection: Connection
  reference: Reference
  patterns: Patterns
  /** Part of a key that tells partial pulls apart; empty for a whole one. */
  patternsKey: string
  isWanted: PathTest
  dryRun: boolean
  keep: number
  concurrency: number
  gap: number | undefined
  /** Whether deltas are asked for. */
  deltas: boolean
  signal: AbortSignal | undefined
  report: Report
  probe: (folder: string) => FolderTraits
  statfs: (folder: string) => { bavail: number; bsize: number }
  sync: (folder: string) => Promise<void>
}

export function createJob(options: PullReferenceOptions, deps: PullDeps): Job {
  checkOptions(options)
  const { connection, reference, include = [], exclude = [], signal, gap, onProgress } = options
  const patterns = { include, exclude }
  return {
    connection,
    reference,
    patterns,
    patternsKey: keyOfPatterns(patterns),
    isWanted: createPathFilter(patterns),
    dryRun: options.dryRun ?? false,
    keep: options.keep ?? 1,
    concurrency: options.concurrency ?? 16,
    gap,
    deltas: options.deltas ?? true,
    signal,
    report: createReport(formatReference(reference), onProgress),
    probe: deps.probe ?? probeFolder,
    statfs: deps.statfs ?? statfsSync,
    sync: deps.sync ?? syncTree,
  }
}

function checkOptions({ target, output, keep = 1, concurrency = 1, gap = 0 }: PullReferenceOptions): void {
  if ((target === undefined) === (output === undefined))
    throw new TypeError('Either "target" or "output" has to be given')
  if (!Number.isInteger(keep) || keep < 0) throw new RangeError(`"keep" is a whole number from 0, not "${keep}"`)
  if (!Number.isInteger(concurrency) || concurrency < 1) {
    throw new RangeError(`"concurrency" is a whole number from 1, not "${concurrency}"`)
  }
  if (!Number.isInteger(gap) || gap < 0) throw new RangeError(`"gap" is a whole number from 0, not "${gap}"`)
}

/** The order of patterns counts: the last that matches decides. */
function keyOfPatterns({ include, exclude }: Patterns): string {
  if (include.length === 0 && exclude.length === 0) return ''
  return createHash('sha256')
    .update(JSON.stringify([include, exclude]))
    .digest('hex')
    .slice(0, 16)
}

/** Bytes beyond those of the files that a pull wants free, for folders, the record and the file system's own needs. */
const RESERVE = 16 * 1024 * 1024

/** @throws {AetherError} `no-space` when the files would not fit. */
export function checkFreeSpace(job: Job, folder: string, bytes: number): void {
  if (bytes === 0) return
  const { bavail, bsize } = job.statfs(folder)
  const needed = Math.ceil(bytes * 1.01) + RESERVE
  const available = bavail * bsize
  if (needed <= available) return
  const text = `"${folder}" has ${formatMebibytes(available)} free, and ${formatMebibytes(needed)} are needed`
  throw new AetherError('no-space', `There is no room for the new version: ${text}`, {
    hint: 'Free some space, or pull a part with --include',
    detail: { needed: String(needed), available: String(available) },
  })
}

function formatMebibytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`
}

/** The result, with what the report has counted; in a dry run the plan's numbers are added to that. */
export function resultOf(
  job: Job,
  result: Pick<PullResult, 'tag' | 'digest' | 'path' | 'files' | 'bytes'> & Partial<PullResult>,
): PullResult {
  const { connection, reference, report, dryRun } = job
  return {
    host: connection.host,
    dataset: reference.dataset,
    tag: result.tag,
    digest: result.digest,
    path: result.path,
    files: result.files,
    bytes: result.bytes,
    downloadedBytes: report.downloadedBytes + (result.downloadedBytes ?? 0),
    deltaBytes: result.deltaBytes ?? report.deltaBytes,
    blockRequests: report.blockRequests + (result.blockRequests ?? 0),
    reusedBytes: result.reusedBytes ?? 0,
    linkedFiles: result.linkedFiles ?? 0,
    unchanged: result.unchanged ?? false,
    previous: result.previous,
    removedVersions: result.removedVersions ?? 0,
    warnings: report.warnings,
    dryRun,
  }
}
