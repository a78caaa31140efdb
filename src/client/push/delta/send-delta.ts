// Sends what changed since the last push as a delta. Whatever goes wrong with that, chunks will do: nothing here ends a push
// but a source that changed, and who stops it.
import { type FileHandle, open } from 'node:fs/promises'
import { decodeTail } from '../../../core/block.ts'
import type { ByteSource } from '../../../core/delta/byte-source.ts'
import { AetherError, toAetherError } from '../../../core/errors.ts'
import { listingDigest } from '../../../core/listing.ts'
import type { ChunkList } from '../../../dataset/chunk-list.ts'
import type { KnownChunks } from '../../../dataset/known-chunks.ts'
import type { Journal } from '../journal.ts'
import type { PushDeps, PushTarget } from '../push-target.ts'
import type { ChunkPile } from './chunk-pile.ts'
import { type EncodedFile, encodeToFile, type NewSnapshot } from './encode-delta.ts'
import { type DeltaPlan, LEAST_CHANGED } from './plan-delta.ts'
import { textsOf } from './source-image.ts'
import { checkUnchanged } from './unchanged.ts'

/** Part of what the chunks would have in blocks that a delta may have. */
const WORTHWHILE = 0.9

export interface SentDelta {
  /** Bytes of the delta, which in a dry run was not sent; 0 when there is none. */
  bytes: number
  warnings: string[]
}

export const NO_DELTA: SentDelta = { bytes: 0, warnings: [] }

export interface DeltaParts {
  chunks: ChunkList
  /** The new ones of them. */
  pile: ChunkPile
  known: KnownChunks
  journal: Journal
}

/** After this the chunks of the new snapshot are known, unless it says that there is no delta. */
export async function sendDelta(
  target: PushTarget,
  deps: PushDeps,
  plan: DeltaPlan,
  parts: DeltaParts,
): Promise<SentDelta> {
  const { source, options } = deps
  const texts = parts.pile.plainBytes() < LEAST_CHANGED ? undefined : textsOf(source)
  const digest = texts && listingDigest(texts.listing)
  if (digest === undefined || digest === plan.base.digest) return NO_DELTA
  const fresh = { ...texts!, digest, chunks: parts.chunks }
  try {
    await using encoded = await encode(deps, plan, fresh, parts.pile)
    checkUnchanged(source)
    if (encoded.bytes === undefined) return NO_DELTA
    if (!options.dryRun) await send(target, deps, plan, fresh, encoded.path, encoded.bytes, parts)
    return { bytes: encoded.bytes, warnings: [] }
  } catch (error) {
    if (options.signal?.aborted) throw new AetherError('cancelled', 'Cancelled', { cause: error })
    checkUnchanged(source)
    return { bytes: 0, warnings: wrongWith(error) }
  }
}

function encode(
  { source, bases, options }: PushDeps,
  plan: DeltaPlan,
  fresh: NewSnapshot,
  pile: ChunkPile,
): Promise<EncodedFile> {
  const limits = { cacheFolder: bases.cacheFolder, most: WORTHWHILE * pile.storedBytes(), signal: options.signal }
  return encodeToFile(source, plan, fresh, limits)
}

async function send(
  { connection, dataset }: PushTarget,
  { options }: PushDeps,
  { base }: DeltaPlan,
  { digest }: NewSnapshot,
  path: string,
  bytes: number,
  { known, journal }: DeltaParts,
): Promise<void> {
  await using file = await open(path)
  const report = (sent: number) => options.onProgress?.({ subject: dataset, phase: 'upload', bytes: sent })
  const body = sourceOf(file, bytes, report)
  const blocks = await connection.sendDelta(dataset, base.digest, digest, body, { signal: options.signal })
  for (const { info, tail, receipt } of blocks) {
    const index = decodeTail(tail, info.size)
    await journal.add(info, tail, receipt)
    known.addBlock(info, index)
  }
}

function sourceOf(file: FileHandle, length: number, report: (sent: number) => void): ByteSource {
  async function read(offset: number, count: number): Promise<Uint8Array> {
    const bytes = Buffer.allocUnsafe(count)
    for (let done = 0; done < count; ) {
      const { bytesRead } = await file.read(bytes, done, count - done, offset + done)
      if (bytesRead === 0) throw new AetherError('internal', 'The delta became shorter while it was sent')
      done += bytesRead
    }
    report(offset + count)
    return bytes
  }

  return { length, read }
}

/** What a hub says that has no deltas, not this base or no time, which is nothing wrong. Its own word for a wrong method is `invalid`. */
const ORDINARY = ['not-found', 'invalid', 'too-large', 'unavailable', 'unauthenticated', 'denied']

function wrongWith(error: unknown): string[] {
  const { code, message } = toAetherError(error)
  if (ORDINARY.includes(code)) return []
  return [`What changed could not be sent as a delta, so whole chunks were: ${message}`]
}
