// Builds snapshots from trees in memory, as a client would, for tests of the hub.
import type { BuiltBlock } from '../core/block.ts'
import { createChunker } from '../core/chunker.ts'
import { createExtentsBuilder } from '../core/extents.ts'
import { type ChunkId, type FileHash, sha256Hex } from '../core/id.ts'
import { encodeListing, type FileEntry, listingDigest } from '../core/listing.ts'
import { compareBytes } from '../core/path.ts'
import { blockStream, encodeRecord, inlineStream, type SnapshotRecord } from '../core/record.ts'
import { segmentsOf } from '../core/segments.ts'
import { encodeTimes } from '../core/times.ts'
import { createPacker } from '../dataset/packer.ts'

export interface BuiltSnapshot {
  record: SnapshotRecord
  bytes: Uint8Array
  blocks: BuiltBlock[]
}

/** @param files bytes by path */
export async function buildSnapshot(files: Record<string, Uint8Array | string>): Promise<BuiltSnapshot> {
  const contents = Object.entries(files).map(([path, bytes]) => ({
    path,
    bytes: Buffer.from(bytes),
    size: Buffer.byteLength(bytes),
  }))
  contents.sort((a, b) => compareBytes(a.path, b.path))
  const blocks: BuiltBlock[] = []
  const packer = createPacker(async (block) => void blocks.push(block))
  const chunks: { id: ChunkId; length: number }[] = []
  for (const { first, end } of segmentsOf(contents.map(({ size }) => size))) {
    for (const bytes of cutAll(Buffer.concat(contents.slice(first, end).map((file) => file.bytes)))) {
      const id = sha256Hex(bytes) as ChunkId
      chunks.push({ id, length: bytes.length })
      if (!packer.has(id)) await packer.add(id, bytes)
    }
  }
  await packer.finish()
  const extents = createExtentsBuilder()
  for (const { id, length } of chunks) {
    const { block, chunk } = packer.location(id)!
    extents.add(
      blocks.findIndex((b) => b.info === block.info),
      chunk,
      length,
    )
  }
  const listing = contents.map(
    ({ path, bytes, size }): FileEntry => ({
      kind: 'file',
      path,
      executable: false,
      size,
      hash: sha256Hex(bytes) as FileHash,
    }),
  )
  const text = encodeListing(listing)
  const record: SnapshotRecord = {
    digest: listingDigest(text),
    listing: inlineStream(text),
    times: inlineStream(encodeTimes(listing.map(() => 1_700_000_000_000_000))),
    content: blockStream(extents.finish()),
    blocks: blocks.map((block) => block.info),
    provenance: { creator: '', createdMicros: 0, message: 'made by a test', labels: {} },
  }
  return { record, bytes: encodeRecord(record), blocks }
}

export function* cutAll(bytes: Uint8Array): Generator<Uint8Array> {
  const chunker = createChunker()
  for (let rest = bytes; rest.length > 0; ) {
    const cut = chunker.nextCut(rest)
    yield cut < 0 ? rest : rest.subarray(0, cut)
    rest = cut < 0 ? new Uint8Array() : rest.subarray(cut)
  }
}
