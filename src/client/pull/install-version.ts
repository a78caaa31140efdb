// Gets a version into a target and points a link to it.
//
// Two locks between processes: one for each version while it is built (several versions share a lock, because a lock
// file must stay for ever), and one for the target while versions are put in place, links switched and old versions
// removed. Who has the first may take the second, never the other way round.
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AetherError, systemCode } from '../../core/errors.ts'
import type { Digest } from '../../core/id.ts'
import type { RestoreResult } from '../../dataset/restore/restore.ts'
import { syncFolder } from '../../dataset/restore/sync-folder.ts'
import { createProcessLock, type ProcessLock } from '../../storage/process-lock.ts'
import { buildVersion, syncVersion } from './build-version.ts'
import type { Job } from './job.ts'
import { stageKeptRecord } from './kept-record.ts'
import { createKeptTails } from './kept-tails.ts'
import { discard, emptyTrash, pruneVersions } from './prune.ts'
import { openRemote, type RemoteSnapshot } from './remote-snapshot.ts'
import { isComplete, parseVersionKey, prepareTarget, type TargetLayout, type VersionKey } from './target-layout.ts'
import { seedsIn } from './target-seeds.ts'
import { switchLink, type VersionLink } from './version-link.ts'

/** A version that is to be in a target, and the link that is to point to it. */
export interface Version {
  job: Job
  layout: TargetLayout
  link: VersionLink
  digest: Digest
  key: VersionKey
  /** What the link points to now. */
  previous: VersionKey | undefined
}

export interface Installed {
  /** Undefined when the version was there already. */
  built: RestoreResult | undefined
  /** What the link pointed to until now. */
  previous: VersionKey | undefined
  /** Older versions that were removed; undefined when that failed. */
  removed: number | undefined
}

/** Builds the version unless it is there, and switches the link to it. */
export async function installVersion(version: Version): Promise<Installed> {
  await prepareTarget(version.layout)
  let installed: Installed | undefined
  // Between the look and the switch another process may remove the version: then it is built again.
  while (installed === undefined) {
    installed = isComplete(version.layout, version.key) ? await place(version) : await build(version)
  }
  await cleanUp(version, installed.removed !== undefined)
  return installed
}

/** Whether a pull of this version was interrupted, be it when all but the cleaning up was done. */
export function isUnfinished(layout: TargetLayout, key: VersionKey): boolean {
  return existsSync(purposeOf(layout, key))
}

/** As long as a timer can wait, which is 24 days: the other process may be downloading all the time. */
const WAIT = 2 ** 31 - 1

function buildLock({ layout }: Version, key: VersionKey): ProcessLock {
  return createProcessLock(join(layout.locks, `build-${key.slice(0, 2)}`))
}

/** Undefined when another process has built it meanwhile. */
async function build(version: Version): Promise<Installed | undefined> {
  const { job, layout, key } = version
  const work = async () => (isComplete(layout, key) ? undefined : await buildLocked(version))
  return await buildLock(version, key).run(work, { signal: job.signal, timeout: WAIT })
}

async function buildLocked(version: Version): Promise<Installed | undefined> {
  const { job, layout, key, digest, previous } = version
  notePurpose(version)
  const tails = createKeptTails(layout, true)
  const root = join(layout.incoming, key)
  const seeds = seedsIn(layout, job.reference.dataset, tails, previous)
  await using remote = await openRemote(job, digest, { tails, seeds })
  const built = await buildVersion(job, remote, { root, seeds })
  const record = await stageKeptRecord(layout, key, keptOf(version, remote, built))
  await syncVersion(job, root)
  return await place(version, { built, record })
}

function keptOf({ job }: Version, { encoded, listing }: RemoteSnapshot, built: RestoreResult) {
  const { connection, reference, patterns } = job
  const { files, bytes, diskMicros, onDisk } = built
  const about = { host: connection.host, dataset: reference.dataset, ...patterns, files, bytes }
  return { about, encoded, listingText: listing.text, diskMicros, micros: listing.micros, onDisk }
}

/** Puts a new version in its place if one is given, and switches the link. Undefined when there is no version. */
async function place(
  version: Version,
  fresh?: { built: RestoreResult; record: string },
): Promise<Installed | undefined> {
  const { job, layout, link, key } = version
  const work = async () => {
    if (fresh) await rename(version, fresh.record)
    else if (isComplete(layout, key)) notePurpose(version)
    else return undefined
    const previous = await switchLink(layout, link, key)
    return { built: fresh?.built, previous, removed: await prune(job, layout) }
  }
  return await createProcessLock(join(layout.locks, 'target')).run(work, { signal: job.signal, timeout: WAIT })
}

/** The record goes first: a version without one is of less use than a record without a version. */
async function rename({ layout, key }: Version, record: string): Promise<void> {
  renameSync(record, join(layout.records, key))
  renameSync(join(layout.incoming, key), join(layout.snapshots, key))
  await syncFolder(layout.records)
  await syncFolder(layout.snapshots)
}

/** The new version is in place by now, so what goes wrong here is no failure of the pull. */
async function prune(job: Job, layout: TargetLayout): Promise<number | undefined> {
  try {
    return await pruneVersions(layout, job.keep)
  } catch (error) {
    warnOfSystem(job, error)
    return undefined
  }
}

function warnOfSystem({ report }: Job, error: unknown): void {
  if (systemCode(error) === undefined) throw error
  report.warn(`Old versions were not removed: ${(error as Error).message}`)
}

async function cleanUp(version: Version, pruned: boolean): Promise<void> {
  try {
    await dropAbandoned(version)
    await emptyTrash(version.layout)
    if (pruned) rmSync(purposeOf(version.layout, version.key), { force: true })
  } catch (error) {
    warnOfSystem(version.job, error)
  }
}

/**
 * Says for which link a version is being built, so that it can be given up when that link has gone on without it. It is
 * there until the very end: without it, nobody would notice that a pull was killed or failed while it cleaned up.
 */
function notePurpose({ layout, link, key }: Version): void {
  writeFileSync(purposeOf(layout, key), lineOf(link))
}

/** A line without its end was cut short by a loss of power. */
function lineOf(link: VersionLink): string {
  return `${link.name}\n`
}

function purposeOf(layout: TargetLayout, key: VersionKey): string {
  return join(layout.incoming, `${key}${PURPOSE}`)
}

const PURPOSE = '.link'

/** Puts in the trash what interrupted pulls have built for the same link, which points to something newer now. */
async function dropAbandoned(version: Version): Promise<void> {
  const { layout, key } = version
  for (const name of readdirSync(layout.incoming)) {
    const other = name.endsWith(PURPOSE) ? parseVersionKey(name.slice(0, -PURPOSE.length)) : undefined
    if (other === undefined || other === key) continue
    if (isAbandoned(version, join(layout.incoming, name))) await dropUnlessBusy(version, other)
  }
}

function isAbandoned({ link }: Version, purpose: string): boolean {
  try {
    const line = readFileSync(purpose, 'utf8')
    return line === lineOf(link) || !line.endsWith('\n')
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error
    return false // its pull has ended meanwhile
  }
}

async function dropUnlessBusy(version: Version, key: VersionKey): Promise<void> {
  const { layout } = version
  const drop = async () => {
    const folder = join(layout.incoming, key)
    if (existsSync(folder)) discard(layout, folder)
    rmSync(purposeOf(layout, key), { force: true })
  }
  try {
    await buildLock(version, key).run(drop, { timeout: 0 })
  } catch (error) {
    if (!(error instanceof AetherError && error.code === 'unavailable')) throw error
  }
}
