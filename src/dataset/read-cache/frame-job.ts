// Makes plain, checked frames of stored bytes or of files of the cache's folder. All of it on the calling thread: mostly a
// worker's, where neither reading, decoding nor hashing keeps others waiting.
import { hash } from 'node:crypto'
import { closeSync, fstatSync, futimesSync, openSync, readSync } from 'node:fs'
import type { Codec } from '../../core/block.ts'
import { systemCode } from '../../core/errors.ts'
import { decodeFrameSync } from '../../core/frame.ts'
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

/** One place for each check. */
export interface FrameJob {
  checks: FrameCheck[]
  source: { stored: Uint8Array; places: StoredPlace[] } | { files: FilePlace[] }
}

/** In a buffer of its own; or why there is none: "missing" files, and bytes that are not what they should be. */
export type FrameResult = Uint8Array<ArrayBuffer> | 'missing' | 'damaged'

export function runFrameJob({ checks, source }: FrameJob): FrameResult[] {
  return checks.map((check, i) => {
    const length = check.lengths.reduce((sum, chunk) => sum + chunk, 0)
    const bytes =
      'files' in source ? readPlain(source.files[i]!, length) : decode(source.stored, source.places[i]!, length)
    return typeof bytes === 'string' || isWhole(bytes, check) ? bytes : 'damaged'
  })
}

function decode(stored: Uint8Array, { codec, offset, length }: StoredPlace, plainLength: number): FrameResult {
  try {
    return alone(decodeFrameSync(codec, stored.subarray(offset, offset + length), plainLength), stored)
  } catch {
    return 'damaged' // by whom, and what then, is for the caller to say
  }
}

/** Bytes pass to another thread, and are kept, with all of their buffer: that holds nothing else. */
function alone(bytes: Uint8Array, shared: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, length } = bytes
  const isAlone = buffer instanceof ArrayBuffer && buffer !== shared.buffer && buffer.byteLength > 2 * Buffer.poolSize
  return isAlone ? new Uint8Array(buffer, byteOffset, length) : new Uint8Array(bytes)
}

function readPlain({ path, size, offset }: FilePlace, length: number): FrameResult {
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
    const bytes = Buffer.allocUnsafeSlow(length) as Uint8Array<ArrayBuffer>
    return readSync(file, bytes, 0, length, offset) === length ? bytes : 'damaged'
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
