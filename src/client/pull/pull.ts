// Pull: brings a folder in step with a snapshot on a hub, with as few bytes as it can, and switches to it at once.
//
// Layout of a target (all links in it are relative, so that it can be moved):
//   <dataset>/<tag>                  link to .aetherfs/snapshots/<key>; for a reference with a digest alone <dataset>/sha256-<digest>
//   .aetherfs/snapshots/<key>        a whole version. Key: the digest; of a partial pull the digest, "-" and a hash of the patterns
//   .aetherfs/incoming/<key>         a version that is being built, or one whose building was interrupted
//   .aetherfs/records/<key>          what is to be known of a version without its hub (kept-record.ts)
//   .aetherfs/tails/<block>          tails of the blocks of these versions
//   .aetherfs/locks, .aetherfs/trash locks between processes, and what is being removed
import { AetherError, toAetherError } from '../../core/errors.ts'
import type { Digest } from '../../core/id.ts'
import type { DatasetName, TagName } from '../../core/names.ts'
import type { Reference } from '../../core/reference.ts'
import type { Connection } from '../connection.ts'
import type { OnProgress } from '../progress.ts'
import { createJob, type PullDeps } from './job.ts'
import { pullLinked } from './pull-linked.ts'
import { pullPlain } from './pull-plain.ts'

export interface PullReferenceOptions {
  /** The hub that has the dataset. */
  connection: Connection
  reference: Reference
  /** Folder with the linked layout; made when it is absent. Either this or `output`. */
  target?: string
  /** Absent or empty folder that becomes a plain copy, without any books in it. */
  output?: string
  /** Patterns in .gitignore syntax; when there are any, only what they match is pulled. */
  include?: readonly string[]
  exclude?: readonly string[]
  /** Find out what would be done, and write nothing. */
  dryRun?: boolean
  /** Versions that no link points to any more and that are kept nevertheless, for each dataset in the target. @default 1 */
  keep?: number
  onProgress?: OnProgress
  signal?: AbortSignal
  /** Requests to the hub at once. @default 16 */
  concurrency?: number
  /** Unwanted bytes between two wanted ranges that are fetched along rather than asked around, at most. @default 256 KiB */
  gap?: number
  /** Whether a delta from an older version may be taken in the place of chunks. @default true */
  deltas?: boolean
}

/** What a pull did for one reference. */
export interface PullResult {
  host: string
  dataset: DatasetName
  /** Undefined when the reference named a digest alone. */
  tag: TagName | undefined
  digest: Digest
  /** Where the files are: the link `<target>/<dataset>/<tag>`, or the plain folder. Absolute. */
  path: string
  /** Files of the version, and their bytes; of a partial pull, those that were wanted. */
  files: number
  bytes: number
  /** Bytes that came from the hub: record, listing and content, as stored. In a dry run, those that would come. */
  downloadedBytes: number
  /** Of these, bytes of a delta from an older version. */
  deltaBytes: number
  /** Requests for parts of blocks. In a dry run, those that would be made. */
  blockRequests: number
  /** Bytes of files that were on this machine already: linked, copied, read from older versions, or left by an interrupted pull. */
  reusedBytes: number
  /** Files that are hard links to those of an older version. They keep the modification time that they were first delivered with. */
  linkedFiles: number
  /** The link pointed to this version already, and nothing was done. */
  unchanged: boolean
  /** What the link pointed to before. */
  previous: Digest | undefined
  /** Older versions that were removed. */
  removedVersions: number
  /** What went wrong and was put right: older versions changed by hand, wrong bytes that came right the second time. */
  warnings: string[]
  dryRun: boolean
}

/**
 * Pulls one reference. Interrupted in any way, it leaves the folder as it was and goes on from there the next time.
 * @throws {AetherError} `not-found`, `integrity` (the hub's bytes do not match), `no-space`, `conflict` (something is in
 * the way, or two names are one on this file system), `unavailable`, `cancelled`, and the other errors of the hub.
 */
export async function pull(options: PullReferenceOptions, deps: PullDeps = {}): Promise<PullResult> {
  const job = createJob(options, deps)
  const { target, output, signal } = options
  try {
    return output === undefined ? await pullLinked(job, target!) : await pullPlain(job, output)
  } catch (error) {
    if (signal?.aborted && signal.reason === error) throw new AetherError('cancelled', 'Cancelled', { cause: error })
    throw toAetherError(error, output ?? target)
  }
}
