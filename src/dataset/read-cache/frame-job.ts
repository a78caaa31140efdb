// Makes plain, checked frames of stored bytes or of files of the cache's folder. All of it on the calling thread: mostly a
// worker's, where neither reading, decoding nor hashing keeps others waiting.
import { hash } from 'node:crypto'
import { closeSync, fstatSync, futimesSync, openSync, readSync } from 'node:fs'
import { CODEC_STORED, type Codec } from '../../core/block.ts'
import { systemCode } from '../../core/errors.ts'
import { decodeFrameSync } from '../../core/frame.ts'
import { freeMemory } from '../../core/free-memory.ts'
import { ID_BYTES } from '../../core/id.ts'

/** What the plain bytes of a frame have to be. */
export interface FrameCheck {
  /** Plain bytes of each chunk. */
  lengths: Uint32Array
  /** 32 bytes for each chunk. */
  ids: Uint8Array
}

export interface StoredPlace {
  codec: Codec
  /** First byte in the stored bytes. */
  offset: number
  length: number
}

/** A file of the cache's folder, which has a whole frame, and where in it lies what is wanted. */
export interface FilePlace {
  path: string
  /** Bytes that the file must have. */
  size: number
  offset: number
}

/** One place and one target for each check. */
export interface FrameJob {
  checks: FrameCheck[]
  source: { stored: Uint8Array; places: StoredPlace[] } | { files: FilePlace[] }
  /** Where the bytes go, each as long as they are. */
  targets: Uint8Array<ArrayBuffer>[]
}

/** Whether the target has the bytes that it should have; "missing" are files. */
export type FrameOutcome = 'whole' | 'missing' | 'damaged'

export function runFrameJob({ checks, source, targets }: FrameJob): FrameOutcome[] {
  return checks.map((check, i) => {
    const target = targets[i]!
    const outcome =
      'files' in source ? readPlain(source.files[i]!, target) : decode(source.stored, source.places[i]!, target)
    return outcome !== 'whole' || isWhole(target, check) ? outcome : 'damaged'
  })
}

export function plainLength({ lengths }: FrameCheck): number {
  return lengths.reduce((sum, chunk) => sum + chunk, 0)
}

function decode(stored: Uint8Array, { codec, offset, length }: StoredPlace, target: Uint8Array): FrameOutcome {
  try {
    const plain = decodeFrameSync(codec, stored.subarray(offset, offset + length), target.length)
    target.set(plain)
    if (codec !== CODEC_STORED) freeMemory(plain)
    return 'whole'
  } catch {
    return 'damaged' // by whom, and what then, is for the caller to say
  }
}

function readPlain({ path, size, offset }: FilePlace, target: Uint8Array): FrameOutcome {
  let file: number
  try {
    file = openSync(path, 'r+') // its times are changed below
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return 'missing'
    throw error
  }
  try {
    const stat = fstatSync(file)
    if (stat.size !== size) return 'damaged'
    noteUse(file, stat.mtimeMs)
    return readSync(file, target, 0, target.length, offset) === target.length ? 'whole' : 'damaged'
  } finally {
    closeSync(file)
  }
}

/** What was used longest ago is removed first. To know that to some minutes does. */
const USE_INTERVAL = 10 * 60 * 1000

function noteUse(file: number, modified: number): void {
  const now = Date.now()
  if (Math.abs(now - modified) > USE_INTERVAL) futimesSync(file, now / 1000, now / 1000)
}

/** Whether every chunk has the bytes that its id names. */
export function isWhole(bytes: Uint8Array, { lengths, ids }: FrameCheck): boolean {
  let start = 0
  for (let chunk = 0; chunk < lengths.length; chunk++) {
    const end = start + lengths[chunk]!
    const id = hash('sha256', bytes.subarray(start, end), 'buffer')
    if (id.compare(ids, chunk * ID_BYTES, (chunk + 1) * ID_BYTES) !== 0) return false
    start = end
  }
  return start === bytes.length
}
