// Pull into the linked layout.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { TagName } from '../../core/names.ts'
import { DEFAULT_TAG } from '../../core/reference.ts'
import type { RestoreResult } from '../../dataset/restore/restore.ts'
import { resolveReference } from '../resolve.ts'
import { buildVersion, wantedPath } from './build-version.ts'
import { installVersion, isUnfinished, type Version } from './install-version.ts'
import { type Job, resultOf } from './job.ts'
import { readAbout } from './kept-record.ts'
import { createKeptTails } from './kept-tails.ts'
import type { PullResult } from './pull.ts'
import { openRemote } from './remote-snapshot.ts'
import { digestOfKey, isComplete, layoutOf, versionKey } from './target-layout.ts'
import { seedsIn } from './target-seeds.ts'
import { linkFor, readVersionLink } from './version-link.ts'

export async function pullLinked(job: Job, target: string): Promise<PullResult> {
  const { version, tag } = await findVersion(job, target)
  const { layout, link, digest, key, previous } = version
  const present = isComplete(layout, key)
  const unchanged = present && previous === key && (job.dryRun || !isUnfinished(layout, key))
  const fields = { tag, digest, path: link.path, unchanged, previous: previous && digestOfKey(previous) }
  if (unchanged || (present && job.dryRun)) return resultOf(job, { ...fields, ...(await presentSize(version)) })
  if (job.dryRun) return resultOf(job, { ...fields, ...(await planVersion(version)) })
  const installed = await installVersion(version)
  const size = installed.built ? sizeOf(installed.built) : await presentSize(version)
  const before = installed.previous && digestOfKey(installed.previous)
  return resultOf(job, { ...fields, ...size, previous: before, removedVersions: installed.removed })
}

/** What is to be there in the end. Refuses what is in the way before anything is asked of the hub. */
async function findVersion(job: Job, target: string): Promise<{ version: Version; tag: TagName | undefined }> {
  const { reference, connection, patternsKey, signal } = job
  const layout = layoutOf(target)
  const tag = reference.tag ?? (reference.digest ? undefined : DEFAULT_TAG)
  const link = linkFor(layout, reference.dataset, tag, reference.digest)
  const previous = readVersionLink(layout, link)
  job.report.progress('resolve', { bytes: 0 })
  const { digest } = await resolveReference(connection, reference, signal)
  return { version: { job, layout, link, digest, key: versionKey(digest, patternsKey), previous }, tag }
}

type Size = Pick<PullResult, 'files' | 'bytes' | 'reusedBytes'>

function sizeOf({ files, bytes, reusedBytes, linkedFiles }: RestoreResult): Size & Pick<PullResult, 'linkedFiles'> {
  return { files, bytes, reusedBytes, linkedFiles }
}

/** Of a version that is there. When its record was lost, the hub is asked. */
async function presentSize({ job, layout, key, digest }: Version): Promise<Size> {
  const about = readAbout(layout, key) ?? (await countAtHub())
  return { files: about.files, bytes: about.bytes, reusedBytes: about.bytes }

  async function countAtHub() {
    const { listing } = await openRemote(job, digest)
    const files = listing.entries.filter((entry) => entry.kind === 'file' && job.isWanted(wantedPath(entry)))
    return { files: files.length, bytes: files.reduce((sum, file) => sum + (file.kind === 'file' ? file.size : 0), 0) }
  }
}

/** What building it would take. */
async function planVersion({ job, layout, key, digest, previous }: Version) {
  const tails = createKeptTails(layout, false)
  const seeds = existsSync(layout.snapshots) ? seedsIn(layout, job.reference.dataset, tails, previous) : []
  await using remote = await openRemote(job, digest, { tails, seeds })
  const built = await buildVersion(job, remote, { root: join(layout.incoming, key), seeds })
  const { planned } = built
  if (remote.patch === undefined)
    return { ...sizeOf(built), downloadedBytes: planned.bytes, blockRequests: planned.requests }
  // Its first part was fetched, to see how long it is.
  return { ...sizeOf(built), downloadedBytes: planned.bytes - job.report.deltaBytes, deltaBytes: planned.bytes }
}
