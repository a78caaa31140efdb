// Looks into files that changed, in a few places, to see whether a delta can gain anything before all of them are gone through.
import { type FileHandle, open } from 'node:fs/promises'
import { createFingerprints, hashAt, SAMPLED } from '../../../core/delta/fingerprints.ts'

/** A file as it is, and as it was. */
export interface ChangedFile {
  path: string
  size: number
  oldPath: string
  oldSize: number
}

const PLACES = 8
/** Bytes of the new file that are looked at in one place. */
const PLACE_BYTES = 256 * 1024
/** How far around they are looked for in the old one. */
const AROUND = 1024 * 1024
/** Bytes from one sample of the old file to the next. */
const STEP = 128
/** Parts of a place that are found again in the old file: below the one nearly nothing, above the other about all. */
const NOTHING = 0.05
const ALL = 0.98

/**
 * False when chunks do as well: where places are either as they were or altogether new. What is as it was everywhere it was
 * looked at has changed in few places, which is what deltas are for.
 */
export async function isPromising(files: readonly ChangedFile[], signal?: AbortSignal): Promise<boolean> {
  const parts: number[] = []
  for (const { file, offset } of placesIn(files)) {
    signal?.throwIfAborted()
    parts.push(await partFound(file, offset))
  }
  return parts.some((part) => part > NOTHING && part < ALL) || (parts.length > 0 && parts.every((part) => part >= ALL))
}

/** Evenly spread over the bytes of all files. */
function* placesIn(files: readonly ChangedFile[]): Generator<{ file: ChangedFile; offset: number }> {
  const total = files.reduce((sum, { size }) => sum + size, 0)
  let begin = 0
  let place = 0
  for (const file of files) {
    for (let at = middleOf(place, total); place < PLACES && at < begin + file.size; at = middleOf(++place, total)) {
      yield { file, offset: Math.max(0, Math.min(Math.floor(at) - begin, file.size - PLACE_BYTES)) }
    }
    begin += file.size
  }
}

function middleOf(place: number, total: number): number {
  return ((place + 0.5) / PLACES) * total
}

/** Which part of the bytes at this place is found in the old file. */
async function partFound({ path, size, oldPath, oldSize }: ChangedFile, offset: number): Promise<number> {
  const fresh = await readRange(path, offset, Math.min(size, offset + PLACE_BYTES))
  const same = await readRange(oldPath, offset, Math.min(oldSize, offset + fresh.length))
  if (fresh.equals(same)) return 1
  const old = await readRange(oldPath, Math.max(0, offset - AROUND), Math.min(oldSize, offset + PLACE_BYTES + AROUND))
  return fresh.length === 0 ? 0 : Math.min(1, (countFound(fresh, old) * STEP) / fresh.length)
}

/** Samples of the old bytes that are met in the new ones. */
function countFound(fresh: Uint8Array, old: Uint8Array): number {
  const prints = createFingerprints(old.length / STEP)
  for (let i = 0; i + SAMPLED <= old.length; i += STEP) prints.add(hashAt(old, i), i)
  const walk = prints.walk()
  let count = 0
  for (let i = walk.next(fresh, 0, fresh.length); i >= 0; i = walk.next(fresh, i, fresh.length)) count++
  return count
}

async function readRange(path: string, begin: number, end: number): Promise<Buffer> {
  await using file: FileHandle = await open(path)
  const bytes = Buffer.alloc(Math.max(0, end - begin))
  const { bytesRead } = await file.read(bytes, 0, bytes.length, begin)
  return bytes.subarray(0, bytesRead)
}
