// A pull into a plain folder that was killed just after its last rename: the folder is filled, and what it was built in lies
// beside it, without files. Whether the folder is what is asked for now is found out by reading it.
import { existsSync, lstatSync, readdirSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { formatReference } from '../../core/reference.ts'
import { syncFolder } from '../../dataset/restore/sync-folder.ts'
import { resolveReference } from '../resolve.ts'
import { wantedPath } from './build-version.ts'
import { type Job, resultOf } from './job.ts'
import { lockOf, notVacant, type Places } from './plain-places.ts'
import type { PullResult } from './pull.ts'
import { openRemote } from './remote-snapshot.ts'
import { compareFolder } from './verify-against.ts'

export function wasPlacedBefore({ folder, incoming, root }: Places): boolean {
  if (!existsSync(incoming) || existsSync(root)) return false
  const isFolder = lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? false
  return isFolder && readdirSync(folder).length > 0
}

/** @throws {AetherError} `conflict` when it holds anything else, or another pull is at work there. */
export async function finishPlaced(job: Job, { folder, incoming }: Places): Promise<PullResult> {
  if (job.dryRun) return await checkPlaced(job, folder, () => {})
  const clear = () => rmSync(incoming, { recursive: true, force: true })
  let isMine = false
  const work = async () => {
    isMine = true
    await syncFolder(dirname(folder))
    return await checkPlaced(job, folder, clear)
  }
  try {
    return await lockOf(incoming).run(work, { signal: job.signal, timeout: 0 })
  } catch (error) {
    throw isMine || job.signal?.aborted ? error : notVacant(folder, 'is not empty')
  }
}

/** @param onKnown when the hub has said what should be there, and the folder was compared with it */
async function checkPlaced(job: Job, folder: string, onKnown: () => void): Promise<PullResult> {
  const { connection, reference, isWanted, report, signal } = job
  const { digest, tag } = await resolveReference(connection, reference, signal)
  const { listing } = await openRemote(job, digest, undefined)
  const wanted = listing.entries.filter((entry) => isWanted(wantedPath(entry)))
  const { files, bytes, findings } = await compareFolder(folder, { listing: wanted, report, signal })
  onKnown()
  const [first] = findings
  if (first !== undefined)
    throw notVacant(folder, `is not empty, and not ${formatReference(reference)}: "${first.path}" is ${words(first)}`)
  return resultOf(job, { tag: tag?.name, digest, path: folder, files, bytes, unchanged: true })
}

function words({ problem, expected, actual }: { problem: string; expected?: string; actual?: string }): string {
  if (problem === 'extra') return 'no part of it'
  return problem === 'kind' ? `a ${actual} in the place of a ${expected}` : problem
}
