// Checks a whole block: its id, its index, every frame, every chunk. What passes may be stored.
import {
  type BlockIndex,
  type BlockInfo,
  type Codec,
  chunkIdAt,
  decodeTail,
  FOOTER_BYTES,
  frameCount,
  MAX_BLOCK,
  tailSize,
} from '../core/block.ts'
import { AetherError } from '../core/errors.ts'
import { decodeFrameSync } from '../core/frame.ts'
import { freeMemory } from '../core/free-memory.ts'
import { type BlockId, sha256Hex } from '../core/id.ts'

/**
 * Checks `bytes` as the block `id`, on the calling thread (about 0.4 GB/s of plain bytes).
 * @throws {AetherError} `integrity` with what is wrong.
 */
export function verifyBlock(id: BlockId, bytes: Uint8Array): BlockInfo {
  if (bytes.length <= FOOTER_BYTES || bytes.length > MAX_BLOCK) throw damaged(id, `it has ${bytes.length} bytes`)
  if (sha256Hex(bytes) !== id) throw damaged(id, 'its bytes have another SHA-256')
  const tail = bytes.subarray(bytes.length - tailSize(bytes, bytes.length))
  const index = decodeTail(tail, bytes.length)
  for (let frame = 0; frame < frameCount(index); frame++) verifyFrame(id, index, frame, bytes)
  return { id, size: bytes.length, tailSize: tail.length, tailHash: sha256Hex(tail) }
}

function verifyFrame(id: BlockId, index: BlockIndex, frame: number, bytes: Uint8Array): void {
  const first = index.frameFirst[frame]!
  const end = index.frameFirst[frame + 1]!
  const base = index.chunkStart[first]!
  const stored = bytes.subarray(index.frameStart[frame]!, index.frameStart[frame + 1]!)
  const plain = decodeFrameSync(index.frameCodec[frame] as Codec, stored, index.chunkStart[end]! - base)
  for (let chunk = first; chunk < end; chunk++) {
    const piece = plain.subarray(index.chunkStart[chunk]! - base, index.chunkStart[chunk + 1]! - base)
    if (sha256Hex(piece) !== chunkIdAt(index, chunk))
      throw damaged(id, `its chunk ${chunk} does not have the bytes that its name says`)
  }
  if (plain.buffer !== bytes.buffer) freeMemory(plain)
}

function damaged(id: BlockId, reason: string): AetherError {
  return new AetherError('integrity', `Block ${id} is damaged: ${reason}`)
}
