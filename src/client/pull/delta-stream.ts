// The bytes of a delta from the hub, part by part: each is asked for while the one before is used.
import { AetherError } from '../../core/errors.ts'
import type { Digest } from '../../core/id.ts'
import type { DatasetName } from '../../core/names.ts'
import type { Connection, DeltaPart } from '../connection.ts'

export interface DeltaStream {
  /** Bytes of the whole delta; undefined while the hub is still making it. */
  size: number | undefined
  bytes: AsyncIterable<Uint8Array>
}

/** From where, and who counts. */
export interface DeltaDownload {
  connection: Connection
  reference: { dataset: DatasetName }
  report: { downloadedBytes: number; deltaBytes: number }
  signal: AbortSignal | undefined
}

/** Bytes of one request. The first is smaller: it may be all that it takes to see that a delta is of no use. */
const FIRST_PART = 256 * 1024
const PART = 4 * 1024 * 1024

/** Undefined when the hub has none. */
export async function openDeltaStream(job: DeltaDownload, to: Digest, from: Digest): Promise<DeltaStream | undefined> {
  const first = await readPart(job, to, from, { offset: 0, length: FIRST_PART }).catch(noneOf)
  return first && { size: first.size, bytes: partsFrom(job, to, from, first) }
}

/** A hub that has no delta, cannot make one now or does not know what that is: chunks will do. */
function noneOf(error: unknown): undefined {
  if (!(error instanceof AetherError) || error.code === 'cancelled') throw error
}

async function* partsFrom(job: DeltaDownload, to: Digest, from: Digest, first: DeltaPart): AsyncGenerator<Uint8Array> {
  let part = first
  for (let end = first.bytes.length; ; end += part.bytes.length) {
    const next = end === part.size ? undefined : readPart(job, to, from, { offset: end, length: PART })
    next?.catch(() => {}) // thrown where it is waited for
    yield part.bytes
    if (next === undefined) return
    part = await next
    if (part.offset !== end || part.bytes.length === 0)
      throw new AetherError('integrity', 'The hub sent another part of a delta than it was asked for')
  }
}

async function readPart(
  { connection, reference, report, signal }: DeltaDownload,
  to: Digest,
  from: Digest,
  range: { offset: number; length: number },
): Promise<DeltaPart> {
  const part = await connection.readDelta(reference.dataset, to, from, range, { signal })
  report.downloadedBytes += part.bytes.length
  report.deltaBytes += part.bytes.length
  return part
}
