// Makes the streams of a snapshot ready for its record. Listing and times are made piece by piece and never there as a whole.
import { type ChunkId, type Digest, type FileHash, sha256Hex } from '../../core/id.ts'
import { createListingDigest, type Entry, listingPieces } from '../../core/listing.ts'
import { MAX_INLINE } from '../../core/record.ts'
import { timesPieces } from '../../core/times.ts'
import { cutStream } from '../../dataset/cut-stream.ts'
import type { EntryTable } from '../../dataset/entry-table.ts'
import type { Packer } from '../../dataset/packer.ts'
import type { KnownChunks } from './bases.ts'
import { type ChunkList, createChunkList } from './chunk-list.ts'
import { hashAt, type KnownFiles } from './known-files.ts'
import type { PreparedSource } from './prepare.ts'

/** Chunks of a stream that is not yet placed in blocks. */
export type Chunks = Pick<ChunkList, 'ids' | 'lengths'>

export interface StagedSnapshot {
  digest: Digest
  listing: Uint8Array | Chunks
  times: Uint8Array | Chunks
  content: Chunks
}

/** The hashes of all files must be known. */
export async function stageSnapshot(
  { entries, known: files }: PreparedSource,
  content: Chunks,
  known: KnownChunks,
  packer: Pick<Packer, 'has' | 'add'>,
): Promise<StagedSnapshot> {
  const digest = createListingDigest()
  const text = listingPieces(listingOf(entries, files)).map((piece) => digest.take(piece))
  const listing = await stageStream(text, known, packer)
  const times = await stageStream(timesPieces(entries.times()), known, packer)
  return { digest: digest.finish(), listing, times, content }
}

const EMPTY_FILE = sha256Hex('') as FileHash

/** As a listing has them; the hashes of all files must be known. */
export function* listingOf(entries: EntryTable, files: KnownFiles): Generator<Entry> {
  for (let place = 0; place < entries.length; place++) {
    const { kind, path, executable, size, target } = entries.at(place)
    if (kind === 'folder') yield { kind, path }
    else if (kind === 'link') yield { kind, path, target }
    else yield { kind, path, executable, size, hash: size === 0 ? EMPTY_FILE : hashAt(files, place) }
  }
}

/** In the record when it is short, else as chunks given to the packer. @param pieces each may change when the next is asked for */
async function stageStream(
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
