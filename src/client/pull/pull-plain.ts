// Pull into a plain folder: built beside it as .<name>.aetherfs-incoming, where an interrupted pull goes on, and renamed
// into its place when it is whole. Nothing but the files is in it.
import { lstatSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { AetherError } from '../../core/errors.ts'
import type { RestoreResult } from '../../dataset/restore/restore.ts'
import { syncFolder } from '../../dataset/restore/sync-folder.ts'
import { makeFolders } from '../../storage/make-folders.ts'
import { createProcessLock } from '../../storage/process-lock.ts'
import { resolveReference } from '../resolve.ts'
import { buildVersion, syncVersion } from './build-version.ts'
import { type Job, resultOf } from './job.ts'
import type { PullResult } from './pull.ts'
import { openRemote } from './remote-snapshot.ts'

export async function pullPlain(job: Job, output: string): Promise<PullResult> {
  const folder = resolve(output)
  checkVacant(folder)
  const { digest, tag } = await resolveReference(job.connection, job.reference, job.signal)
  const remote = await openRemote(job, digest, undefined)
  const incoming = join(dirname(folder), `.${basename(folder)}.aetherfs-incoming`)
  const root = join(incoming, 'files')
  const build = () => buildVersion(job, remote, { root, seeds: [] })
  const built = job.dryRun ? await build() : await buildAndPlace(job, { folder, incoming, root }, build)
  const { files, bytes, reusedBytes, planned } = built
  const fields = { tag: tag?.name, digest, path: folder, files, bytes, reusedBytes }
  return resultOf(job, { ...fields, downloadedBytes: planned.bytes, blockRequests: planned.requests })
}

interface Places {
  folder: string
  incoming: string
  root: string
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
  return await createProcessLock(join(incoming, 'lock')).run(work, { signal: job.signal, timeout: WAIT })
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

function notVacant(folder: string, reason: string): AetherError {
  return new AetherError('conflict', `Cannot write to "${folder}": it ${reason}`, {
    hint: 'Name a folder that is not there yet',
  })
}
