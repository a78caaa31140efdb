// Encodes the delta from a kept base to a source into a file of the cache.
import { randomBytes } from 'node:crypto'
import { lstatSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Digest } from '../../../core/id.ts'
import type { Entry } from '../../../core/listing.ts'
import type { ChunkList } from '../../../dataset/chunk-list.ts'
import type { EncodeFilesJob, EncodeFilesResult } from '../../../dataset/delta/encode-files-worker.ts'
import { createWorkerPool, workerModule } from '../../../dataset/worker-pool.ts'
import { makeFolders } from '../../../storage/make-folders.ts'
import type { PreparedSource } from '../prepare.ts'
import type { DeltaPlan } from './plan-delta.ts'
import { createPathOf, type SourceTexts } from './source-image.ts'

export interface EncodedFile extends AsyncDisposable {
  path: string
  /** Undefined when the delta was given up because it is not worth having. */
  bytes: EncodeFilesResult
}

/** Bytes that a hub takes for a delta. */
const MAX_DELTA = 128 * 1024 * 1024

export interface NewSnapshot extends SourceTexts {
  digest: Digest
  chunks: ChunkList
}

/** @param most bytes of the delta */
export async function encodeToFile(
  source: PreparedSource,
  { base, basePaths }: DeltaPlan,
  { digest, listing, times, entries, chunks }: NewSnapshot,
  { cacheFolder, most, signal }: { cacheFolder: string; most: number; signal: AbortSignal | undefined },
): Promise<EncodedFile> {
  const path = await temporaryFile(cacheFolder)
  const remove = () => rmSync(path, { force: true })
  const old = { digest: base.digest, listing: base.listing, times: base.times, paths: basePaths }
  const fresh = { digest, listing, times, paths: contentPaths(source, entries) }
  const job: EncodeFilesJob = {
    from: { ...old, chunks: source.last?.chunks ?? chunks },
    to: { ...fresh, chunks },
    output: path,
    most: Math.min(most, MAX_DELTA),
  }
  try {
    return { path, bytes: await run(job, signal), [Symbol.asyncDispose]: async () => remove() }
  } catch (error) {
    remove()
    throw error
  }
}

async function run(job: EncodeFilesJob, signal: AbortSignal | undefined): Promise<EncodeFilesResult> {
  const module = workerModule('../../../dataset/delta/encode-files-worker', import.meta.url)
  const workers = createWorkerPool<EncodeFilesJob, EncodeFilesResult>(module, 1)
  const stop = () => void workers.close()
  signal?.addEventListener('abort', stop, { once: true })
  try {
    signal?.throwIfAborted()
    return await workers.run(job)
  } finally {
    signal?.removeEventListener('abort', stop)
    await workers.close()
  }
}

function contentPaths(source: PreparedSource, entries: readonly Entry[]): string[] {
  const pathOf = createPathOf(source)
  return entries.filter((entry) => entry.kind === 'file' && entry.size > 0).map(({ path }) => pathOf(path))
}

/** Milliseconds after which no push is at work with a file any more. */
const DAY = 24 * 60 * 60 * 1000

async function temporaryFile(cacheFolder: string): Promise<string> {
  const folder = join(cacheFolder, 'deltas')
  await makeFolders(folder, 0o700)
  for (const name of readdirSync(folder)) {
    const path = join(folder, name) // of a push that was killed, if it is old
    const age = Date.now() - (lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())
    if (age > DAY) rmSync(path, { force: true })
  }
  return join(folder, randomBytes(8).toString('hex'))
}
