// Puts a snapshot record together from chunks that lie in blocks, old and new.
import type { BlockInfo } from '../../core/block.ts'
import { createChunker } from '../../core/chunker.ts'
import { createExtentsBuilder } from '../../core/extents.ts'
import { type BlockId, type ChunkId, type FileHash, sha256Hex } from '../../core/id.ts'
import { type Entry, encodeListing, listingDigest } from '../../core/listing.ts'
import { blockStream, inlineStream, MAX_INLINE, type SnapshotRecord, type StoredStream } from '../../core/record.ts'
import { encodeTimes } from '../../core/times.ts'
import type { Packer } from '../../dataset/packer.ts'
import type { SourceEntry } from '../../dataset/source.ts'
import type { KnownChunks } from './bases.ts'

/** Chunks of a stream that is not yet placed in blocks. */
export interface Chunks {
  ids: ChunkId[]
  lengths: ArrayLike<number>
}

const EMPTY_FILE = sha256Hex('') as FileHash

/** The source as a listing. @throws {Error} when a file was never hashed, which is a defect. */
export function listingOf(entries: readonly SourceEntry[], hashes: Map<SourceEntry, FileHash>): Entry[] {
  return entries.map((entry): Entry => {
    const { kind, path, executable, size, target } = entry
    if (kind === 'folder') return { kind, path }
    if (kind === 'link') return { kind, path, target }
    const hash = hashes.get(entry) ?? (size === 0 ? EMPTY_FILE : undefined)
    if (hash === undefined) throw new Error(`No hash for ${path}`)
    return { kind, path, executable, size, hash }
  })
}

/** A listing or list of times: in the record when it is short, else as chunks given to the packer. */
export async function stageStream(bytes: Uint8Array, known: KnownChunks, packer: Packer): Promise<Uint8Array | Chunks> {
  if (bytes.length <= MAX_INLINE) return bytes
  const ids: ChunkId[] = []
  const lengths: number[] = []
  for (const chunk of cutAll(bytes)) {
    const id = sha256Hex(chunk) as ChunkId
    ids.push(id)
    lengths.push(chunk.length)
    if (!known.get(id) && !packer.has(id)) await packer.add(id, chunk)
  }
  return { ids, lengths }
}

function* cutAll(bytes: Uint8Array): Generator<Uint8Array> {
  const chunker = createChunker()
  for (let rest = bytes; rest.length > 0; ) {
    const cut = chunker.nextCut(rest)
    const chunk = cut < 0 ? rest : rest.subarray(0, cut)
    yield chunk
    rest = rest.subarray(chunk.length)
  }
}

export interface StagedSnapshot {
  listing: Uint8Array | Chunks
  times: Uint8Array | Chunks
  content: Chunks
  text: Uint8Array
}

export async function stageSnapshot(
  entries: readonly SourceEntry[],
  hashes: Map<SourceEntry, FileHash>,
  content: Chunks,
  known: KnownChunks,
  packer: Packer,
): Promise<StagedSnapshot> {
  const text = encodeListing(listingOf(entries, hashes))
  const times = encodeTimes(entries.map((entry) => entry.modifiedMicros))
  return {
    text,
    content,
    listing: await stageStream(text, known, packer),
    times: await stageStream(times, known, packer),
  }
}

/** The record of a snapshot whose chunks all lie in known or finished blocks. */
export function assembleRecord(
  staged: StagedSnapshot,
  known: KnownChunks,
  packer: Packer,
  words: { message: string; labels: Record<string, string> },
): SnapshotRecord {
  const table = createBlockTable()
  const place = (chunks: Chunks): StoredStream => {
    const extents = createExtentsBuilder()
    chunks.ids.forEach((id, i) => {
      const { block, chunk } = locate(id, known, packer)
      extents.add(table.place(block), chunk, chunks.lengths[i]!)
    })
    return blockStream(extents.finish())
  }
  const store = (stream: Uint8Array | Chunks) => (stream instanceof Uint8Array ? inlineStream(stream) : place(stream))
  return {
    digest: listingDigest(staged.text),
    listing: store(staged.listing),
    times: store(staged.times),
    content: place(staged.content),
    blocks: table.blocks,
    provenance: { creator: '', createdMicros: 0, ...words },
  }
}

function locate(id: ChunkId, known: KnownChunks, packer: Packer): { block: BlockInfo; chunk: number } {
  const old = known.get(id)
  if (old) return old
  const location = packer.location(id)
  if (!location?.block.info) throw new Error(`Chunk ${id} lies in no block`)
  return { block: location.block.info, chunk: location.chunk }
}

function createBlockTable() {
  const blocks: BlockInfo[] = []
  const places = new Map<BlockId, number>()

  function place(block: BlockInfo): number {
    const known = places.get(block.id)
    if (known !== undefined) return known
    places.set(block.id, blocks.length)
    blocks.push(block)
    return blocks.length - 1
  }

  return { blocks, place }
}
