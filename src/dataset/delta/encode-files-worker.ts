// A worker thread that encodes the delta between two snapshots whose files are on this machine, into a file.
import { closeSync, openSync, writeSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import { imageLength } from '../../core/delta/delta-format.ts'
import { encodeDelta } from '../../core/delta/encode.ts'
import { toAetherError } from '../../core/errors.ts'
import { type Digest, idAt } from '../../core/id.ts'
import { decodeListing, type Entry } from '../../core/listing.ts'
import type { WorkerAnswer } from '../worker-pool.ts'
import { createProgress, WORTHWHILE } from './encode-progress.ts'
import { type ContentChunk, findAnchors } from './find-anchors.ts'
import { openFolderContent } from './folder-content.ts'
import { createImage } from './image.ts'

/** A snapshot with its files. */
export interface FilesOnDisk {
  digest: Digest
  listing: Uint8Array
  times: Uint8Array
  /** Where the files are that have bytes, in the order of the listing. */
  paths: string[]
  /** Of the content, in order. */
  chunks: { ids: Uint8Array; lengths: Uint32Array }
}

export interface EncodeFilesJob {
  from: FilesOnDisk
  to: FilesOnDisk
  /** Is made. */
  output: string
  /** Bytes of the delta at most. */
  most: number
}

/** Bytes of the delta; undefined when it was given up because it would be longer than it may be. */
export type EncodeFilesResult = number | undefined

parentPort?.on('message', async (job: EncodeFilesJob) => {
  let answer: WorkerAnswer<EncodeFilesResult>
  try {
    answer = { result: await encode(job) }
  } catch (error) {
    const { code, message, hint } = toAetherError(error)
    answer = { error: { code, message, hint } }
  }
  parentPort?.postMessage(answer)
})

async function encode(job: EncodeFilesJob): Promise<EncodeFilesResult> {
  const [from, to] = [open(job.from), open(job.to)]
  const output = openSync(job.output, 'wx', 0o600)
  try {
    return await write(from, to, job.most, (piece) => writeAll(output, piece))
  } finally {
    closeSync(output)
    await from.close()
    await to.close()
  }
}

type Side = ReturnType<typeof open>

async function write(
  from: Side,
  to: Side,
  most: number,
  take: (piece: Uint8Array) => void,
): Promise<EncodeFilesResult> {
  const common = await findAnchors(from.outline, to.outline)
  const progress = createProgress(imageLength(to.image.lengths), common.anchors)
  const lengths = { fromLengths: from.image.lengths, toLengths: to.image.lengths }
  const header = { from: from.digest, to: to.digest, ...lengths }
  const input = { header, from: from.image, to: to.image, ...common, onMade: progress.reached }
  let written = 0
  let onTrial = true
  for await (const piece of encodeDelta(input)) {
    written += piece.length
    if (written > most) return undefined
    if (onTrial && progress.isTrialOver()) {
      if (written > WORTHWHILE * most * progress.part()) return undefined
      onTrial = false
    }
    take(piece)
  }
  return written
}

function open({ digest, listing, times, paths, chunks }: FilesOnDisk) {
  const entries = decodeListing(listing)
  const content = openFolderContent('/', locate(entries, paths))
  const image = createImage(listing, times, content)
  const outline = { lengths: image.lengths, entries, chunks: { [Symbol.iterator]: () => contentChunks(chunks) } }
  return { digest, image, outline, close: content.close }
}

/** The same entries, each with its file's path on this machine. */
function locate(entries: readonly Entry[], paths: readonly string[]): Entry[] {
  let next = 0
  return entries.map((entry) => (entry.kind === 'file' && entry.size > 0 ? { ...entry, path: paths[next++]! } : entry))
}

function* contentChunks({ ids, lengths }: FilesOnDisk['chunks']): Generator<ContentChunk> {
  let offset = 0
  for (const [i, length] of lengths.entries()) {
    yield { id: idAt(ids, i), offset, length }
    offset += length
  }
}

function writeAll(file: number, piece: Uint8Array): void {
  for (let done = 0; done < piece.length; ) done += writeSync(file, piece, done)
}
