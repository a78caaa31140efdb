// Builds the files of a snapshot in a folder, for either kind of pull.
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { AetherError } from '../../core/errors.ts'
import type { Entry } from '../../core/listing.ts'
import { formatReference } from '../../core/reference.ts'
import type { FolderTraits } from '../../dataset/restore/folder-traits.ts'
import { type RestoreResult, restore } from '../../dataset/restore/restore.ts'
import type { Seed } from '../../dataset/restore/seed.ts'
import { checkFreeSpace, type Job } from './job.ts'
import type { RemoteSnapshot } from './remote-snapshot.ts'

/** What a dry run takes a file system to be, because it must not try. */
const NO_TRAITS: FolderTraits = { foldsCase: false, foldsUnicode: false, keepsMicros: true, modeMask: 0o777 }

/** @param root folder to build in, or to go on in; the folder above it exists unless this is a dry run. */
export async function buildVersion(
  job: Job,
  { record, listing, patch, blocks, fetch }: RemoteSnapshot,
  { root, seeds }: { root: string; seeds: readonly Seed[] },
): Promise<RestoreResult> {
  const { dryRun, gap, report, signal } = job
  checkWanted(job, listing.entries)
  const traits = dryRun ? NO_TRAITS : probe(job, root)
  const result = await restore({
    ...{ record, listing, isWanted: job.isWanted, root, traits, seeds, patch, blocks, fetch, gap, dryRun, signal },
    checkSpace: (bytes) => !dryRun && checkFreeSpace(job, dirname(root), bytes),
    onProgress: (progress) => report.progress('download', progress),
    onWarning: report.warn,
  })
  const { files, bytes, reusedBytes } = result
  report.progress('download', { bytes, totalBytes: bytes, files, totalFiles: files, reusedBytes, done: true })
  return result
}

/** Tried in the folder itself: what a pull that is killed leaves of that, the next one removes with all that is no part of the version. */
function probe(job: Job, root: string): FolderTraits {
  mkdirSync(root, { recursive: true })
  return job.probe(root)
}

/** Patterns that match nothing are most likely wrong, and an empty folder would only be found out later. */
function checkWanted({ patternsKey, isWanted, reference }: Job, entries: readonly Entry[]): void {
  if (patternsKey === '' || entries.some((entry) => isWanted(wantedPath(entry)))) return
  throw new AetherError('not-found', `Nothing in "${formatReference(reference)}" matches the patterns`, {
    hint: `See what it holds: aetherfs ls ${formatReference(reference)}`,
  })
}

/** Patterns tell folders by a slash at the end. */
export function wantedPath(entry: Entry): string {
  return entry.kind === 'folder' ? `${entry.path}/` : entry.path
}

/** Puts what was built on stable storage. */
export async function syncVersion({ report, sync }: Job, root: string): Promise<void> {
  report.progress('sync', { bytes: 0 })
  await sync(root)
  report.progress('sync', { bytes: 0, done: true })
}
