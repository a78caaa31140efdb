// Makes the streams of a snapshot ready for its record. Listing and times are made piece by piece and never there as a whole.
import { type ChunkId, type Digest, sha256Hex } from '../core/id.ts'
import { MAX_INLINE } from '../core/record.ts'
import { type ChunkList, createChunkList } from './chunk-list.ts'
import { cutStream } from './cut-stream.ts'
import type { KnownChunks } from './known-chunks.ts'
import type { Packer } from './packer.ts'

/** Chunks of a stream that is not yet placed in blocks. */
export type Chunks = Pick<ChunkList, 'ids' | 'lengths'>

export interface StagedSnapshot {
  digest: Digest
  listing: Uint8Array | Chunks
  times: Uint8Array | Chunks
  content: Chunks
}

/** In the record when it is short, else as chunks given to the packer. @param pieces each may change when the next is asked for */
export async function stageStream(
  pieces: IteratorObject<Uint8Array>,
  known: KnownChunks,
  packer: Pick<Packer, 'has' | 'add'>,
): Promise<Uint8Array | Chunks> {
  const head = firstBytes(pieces, MAX_INLINE + 1)
  if (head.length <= MAX_INLINE) return head
  const chunks = createChunkList()
  for (const chunk of cutStream(joined(head, pieces))) {
    const id = sha256Hex(chunk) as ChunkId
    chunks.add(0, id, chunk.length)
    if (!known.get(id) && !packer.has(id)) await packer.add(id, chunk)
  }
  return chunks.finish()
}

/** So many pieces that they have `least` bytes; all of them when they have fewer. */
function firstBytes(pieces: IteratorObject<Uint8Array>, least: number): Buffer {
  const first: Buffer[] = []
  for (let bytes = 0; bytes < least; ) {
    const { value, done } = pieces.next()
    if (done) break
    first.push(Buffer.from(value))
    bytes += value.length
  }
  return Buffer.concat(first)
}

function* joined(head: Uint8Array, rest: Iterable<Uint8Array>): Generator<Uint8Array> {
  yield head
  yield* rest
}
