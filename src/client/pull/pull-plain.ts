// Pull into a plain folder: built beside it as .<name>.aetherfs-incoming, where an interrupted pull goes on, and renamed
// into its place when it is whole. Nothing but the files is in it.
import { existsSync, lstatSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { AetherError } from '../../core/errors.ts'
import type { RestoreResult } from '../../dataset/restore/restore.ts'
import { syncFolder } from '../../dataset/restore/sync-folder.ts'
import { makeFolders } from '../../storage/make-folders.ts'
import { resolveReference } from '../resolve.ts'
import { buildVersion, syncVersion } from './build-version.ts'
import { type Job, resultOf } from './job.ts'
import { finishPlaced, wasPlacedBefore } from './placed-before.ts'
import { lockOf, notVacant, type Places, placesOf } from './plain-places.ts'
import type { PullResult } from './pull.ts'
import { openRemote } from './remote-snapshot.ts'

export async function pullPlain(job: Job, output: string): Promise<PullResult> {
  const places = placesOf(resolve(output))
  const { folder, root } = places
  if (wasPlacedBefore(places)) return await finishPlaced(job, places)
  await checkPlace(job, places)
  const { digest, tag } = await resolveReference(job.connection, job.reference, job.signal)
  const remote = await openRemote(job, digest, undefined)
  const build = () => buildVersion(job, remote, { root, seeds: [] })
  const built = job.dryRun ? await build() : await buildAndPlace(job, places, build)
  const { files, bytes, reusedBytes, planned } = built
  const fields = { tag: tag?.name, digest, path: folder, files, bytes, reusedBytes }
  return resultOf(job, { ...fields, downloadedBytes: planned.bytes, blockRequests: planned.requests })
}

/** Refuses what is in the way before anything is asked of the hub. What a pull has left beside it is of no use then. */
async function checkPlace(job: Job, { folder, incoming }: Places): Promise<void> {
  try {
    checkVacant(folder)
  } catch (error) {
    if (!job.dryRun) await dropUnlessBusy(incoming)
    throw error
  }
}

async function dropUnlessBusy(incoming: string): Promise<void> {
  if (!existsSync(incoming)) return
  const drop = async () => rmSync(incoming, { recursive: true, force: true })
  try {
    await lockOf(incoming).run(drop, { timeout: 0 })
  } catch (error) {
    if (!(error instanceof AetherError && error.code === 'unavailable')) throw error
  }
}

/** As long as a timer can wait: another process may be building in the same place. */
const WAIT = 2 ** 31 - 1

async function buildAndPlace(job: Job, { folder, incoming, root }: Places, build: () => Promise<RestoreResult>) {
  await makeFolders(incoming, 0o777)
  const work = async () => {
    checkStillVacant(folder, incoming)
    const built = await build()
    await syncVersion(job, root)
    renameSync(root, folder)
    await syncFolder(dirname(folder))
    // With the lock in it. Who waits for that finds the folder filled.
    rmSync(incoming, { recursive: true, force: true })
    return built
  }
  return await lockOf(incoming).run(work, { signal: job.signal, timeout: WAIT })
}

/** Who had the lock before may have filled the folder; then what is being built for it is of no use any more. */
function checkStillVacant(folder: string, incoming: string): void {
  try {
    checkVacant(folder)
  } catch (error) {
    rmSync(incoming, { recursive: true, force: true })
    throw error
  }
}

/** @throws {AetherError} `conflict` unless the folder is absent, or empty and one that a rename can replace. */
function checkVacant(folder: string): void {
  const stat = lstatSync(folder, { throwIfNoEntry: false })
  if (stat === undefined) return
  if (!stat.isDirectory()) throw notVacant(folder, 'is no folder')
  if (readdirSync(folder).length > 0) throw notVacant(folder, 'is not empty')
  if (folder === process.cwd()) throw notVacant(folder, 'is the current folder, which cannot be replaced')
  if (stat.dev !== lstatSync(dirname(folder)).dev) throw notVacant(folder, 'is a mount point, which cannot be replaced')
}
