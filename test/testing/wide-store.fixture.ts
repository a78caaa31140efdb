// A store in a folder with very many tiny blocks, and records that name as many of them as a record may: written file by
// file, because a hub would take minutes for it.
import { createHash, type Hash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BlockInfo } from '../../src/core/block.ts'
import { CODEC_STORED, encodeTail } from '../../src/core/block.ts'
import { createExtentsBuilder } from '../../src/core/extents.ts'
import { type BlockId, type ChunkId, type FileHash, sha256Hex } from '../../src/core/id.ts'
import { encodeListing, listingDigest } from '../../src/core/listing.ts'
import { blockStream, encodeRecord, inlineStream } from '../../src/core/record.ts'
import { MAX_BLOCKS } from '../../src/core/record-bounds.ts'
import { encodeTimes } from '../../src/core/times.ts'

const CHUNKS = 4
const CHUNK_BYTES = 10

export function makeWideStore(root: string, blocks: number, records: number): void {
  for (let i = 0; i < 256; i++) mkdirSync(join(root, 'blocks', i.toString(16).padStart(2, '0')), { recursive: true })
  mkdirSync(join(root, 'datasets/wide/snapshots'), { recursive: true })
  const infos = Array.from({ length: blocks }, (_, i) => writeBlock(root, i))
  for (let i = 0; i < records; i++) writeRecord(root, infos, i)
}

function plainBytes(i: number): Buffer {
  return createHash('shake256', { outputLength: CHUNKS * CHUNK_BYTES })
    .update(`${i}`)
    .digest()
}

function writeBlock(root: string, i: number): BlockInfo {
  const plain = plainBytes(i)
  const chunks = Array.from({ length: CHUNKS }, (_, chunk) => ({
    id: sha256Hex(plain.subarray(chunk * CHUNK_BYTES, (chunk + 1) * CHUNK_BYTES)) as ChunkId,
    length: CHUNK_BYTES,
  }))
  const tail = encodeTail([{ codec: CODEC_STORED, bytes: plain, chunks }])
  const bytes = Buffer.concat([plain, tail])
  const id = sha256Hex(bytes) as BlockId
  writeFileSync(join(root, 'blocks', id.slice(0, 2), id), bytes)
  return { id, size: bytes.length, tailSize: tail.length, tailHash: sha256Hex(tail) }
}

/** A snapshot of one file, which begins in the block of this number. */
function writeRecord(root: string, infos: BlockInfo[], first: number): void {
  const blocks = infos.slice(first, first + MAX_BLOCKS)
  const extents = createExtentsBuilder()
  const hash: Hash = createHash('sha256')
  blocks.forEach((_, place) => {
    hash.update(plainBytes(first + place))
    for (let chunk = 0; chunk < CHUNKS; chunk++) extents.add(place, chunk, CHUNK_BYTES)
  })
  const size = blocks.length * CHUNKS * CHUNK_BYTES
  const text = encodeListing([
    { kind: 'file', path: 'file', executable: false, size, hash: hash.digest('hex') as FileHash },
  ])
  const record = {
    digest: listingDigest(text),
    listing: inlineStream(text),
    times: inlineStream(encodeTimes([0])),
    content: blockStream(extents.finish()),
    blocks,
    provenance: { creator: '', createdMicros: 0, message: '', labels: {} },
  }
  writeFileSync(join(root, 'datasets/wide/snapshots', record.digest), encodeRecord(record))
}
