// An uploaded block as it lies in the store: parts of 4 MiB, and one object that names them. docs/format.md, section 11.1.
import * as z from 'zod'
import { AetherError } from '../../core/errors.ts'
import { ID_BYTES, idAt, sha256Hex } from '../../core/id.ts'
import { keys } from '../../storage/keys.ts'
import type { Storage } from '../../storage/storage.ts'
import { encodeJson, parseJson } from '../stored-json.ts'

const KiB = 1024
/** Bytes of a part; the last one has what is left. */
export const PART_BYTES = 4096 * KiB
/** Bytes that are checked by one sum, from the start of the block; the last ones may be fewer. */
export const PIECE_BYTES = 64 * KiB
/** Bytes that are read at once. */
const WINDOW_BYTES = 1024 * KiB
/** Bytes of a block at most. */
export const MAX_STAGED = 1024 * 1024 * KiB
/** Bytes of the object that names the parts, at most. */
export const MAX_STAGED_TEXT = 1024 * KiB

const Stored = z.strictObject({
  /** Bytes. */
  size: z.int().min(1).max(MAX_STAGED),
  /** Names the parts. */
  upload: z.string().regex(/^[0-9a-f]{32}$/),
  /** SHA-256 of each piece, one behind the other. */
  sums: z.base64(),
})

export interface StagedBlock {
  size: number
  upload: string
  sums: Uint8Array
}

export function encodeStaged({ size, upload, sums }: StagedBlock): Uint8Array {
  return encodeJson({ size, upload, sums: Buffer.from(sums).toString('base64') })
}

/** @throws {AetherError} `integrity` */
export function parseStaged(bytes: Uint8Array): StagedBlock {
  const { size, upload, sums } = parseJson(Stored, bytes, 'block of a v1 client')
  const staged = { size, upload, sums: Buffer.from(sums, 'base64') }
  if (staged.sums.length !== Math.ceil(size / PIECE_BYTES) * ID_BYTES) throw damaged()
  return staged
}

/** @throws {AetherError} `integrity`; `not-found` when the block is not kept any more */
export async function* readStaged(
  storage: Storage,
  owner: string,
  block: StagedBlock,
  range: { offset: number; length: number },
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const end = range.offset + range.length
  for (let at = range.offset; at < end; ) {
    const first = at - (at % PIECE_BYTES)
    const part = Math.floor(first / PART_BYTES)
    const last = Math.min(first + WINDOW_BYTES, (part + 1) * PART_BYTES, ceilTo(end, PIECE_BYTES), block.size)
    const wanted = { offset: first - part * PART_BYTES, length: last - first }
    const { bytes } = await storage
      .get(keys.stagedPart(owner, block.upload, part), { range: wanted, signal })
      .catch(gone)
    if (bytes.length !== wanted.length) throw damaged()
    checkPieces(bytes, first / PIECE_BYTES, block.sums)
    yield bytes.subarray(at - first, end - first)
    at = last
  }
}

function checkPieces(bytes: Uint8Array, first: number, sums: Uint8Array): void {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    if (sha256Hex(bytes.subarray(at, at + PIECE_BYTES)) !== idAt(sums, first + at / PIECE_BYTES)) throw damaged()
  }
}

function ceilTo(value: number, step: number): number {
  return Math.ceil(value / step) * step
}

function gone(cause: unknown): never {
  if (!(cause instanceof AetherError && cause.code === 'not-found')) throw cause
  throw new AetherError('not-found', 'A block that waited for its publish is kept no more', { hint: 'Upload it again' })
}

function damaged(): AetherError {
  return new AetherError('integrity', 'A block that waits for its publish is damaged in the store', {
    hint: 'Upload it again',
  })
}
