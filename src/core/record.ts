// The snapshot record: what a store keeps for each snapshot. The law for these bytes: docs/format.md, section 6.

import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import {
  type SnapshotRecord as RecordMessage,
  SnapshotRecordSchema,
  type Stream as StreamMessage,
  StreamSchema,
} from '../gen/aetherfs/v2/record_pb.ts'
import { type BlockInfo, FOOTER_BYTES, MAX_BLOCK, MAX_BLOCK_CHUNKS, MAX_BLOCK_PLAIN, MAX_TAIL } from './block.ts'
import { AetherError } from './errors.ts'
import { type Extents, NO_EXTENTS, streamLength } from './extents.ts'
import { type Digest, idFromBytes, idToBytes } from './id.ts'
import { MAX_LISTING_BYTES } from './listing.ts'
import { checkRecordBounds, MAX_RECORD } from './record-bounds.ts'

/** Listings and lists of times up to this length, in bytes, lie in the record itself. Content always lies in blocks. */
export const MAX_INLINE = 64 * 1024
const MAX_RECORD_PLAIN = 32 * 1024 * 1024
const MAGIC = Buffer.from('AFSR\x01', 'latin1')

/** A run of bytes that lies either in the record or in blocks. */
export interface StoredStream {
  /** Bytes. */
  length: number
  /** The bytes themselves, when there are no extents. */
  inline: Uint8Array
  extents: Extents
}

export interface Provenance {
  creator: string
  /** Microseconds since 1970. */
  createdMicros: number
  message: string
  labels: Record<string, string>
}

export interface SnapshotRecord {
  digest: Digest
  listing: StoredStream
  times: StoredStream
  content: StoredStream
  blocks: BlockInfo[]
  provenance: Provenance
}

export function inlineStream(bytes: Uint8Array): StoredStream {
  return { length: bytes.length, inline: bytes, extents: NO_EXTENTS }
}

export function blockStream(extents: Extents): StoredStream {
  return { length: streamLength(extents), inline: new Uint8Array(), extents }
}

/** @throws {AetherError} `too-large` when the snapshot is in too many pieces. */
export function encodeRecord(record: SnapshotRecord): Buffer {
  const message = create(SnapshotRecordSchema, {
    digest: idToBytes(record.digest),
    listing: toStream(record.listing),
    times: toStream(record.times),
    content: toStream(record.content),
    blocks: record.blocks.map((b) => ({
      id: idToBytes(b.id),
      size: b.size,
      tailSize: b.tailSize,
      tailSha256: idToBytes(b.tailHash),
    })),
    provenance: { ...record.provenance, createdMicros: BigInt(record.provenance.createdMicros) },
  })
  const plain = toBinary(SnapshotRecordSchema, message)
  const packed = zstdCompressSync(plain, {
    // Nothing names the bytes of a record, so it carries a checksum itself: a bit that flipped is found, and not kept.
    params: { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_checksumFlag]: 1 },
    pledgedSrcSize: plain.length,
  })
  if (plain.length > MAX_RECORD_PLAIN || packed.length + MAGIC.length > MAX_RECORD) {
    throw new AetherError(
      'too-large',
      `The snapshot's record would have ${packed.length} bytes, over the limit of ${MAX_RECORD}`,
    )
  }
  return Buffer.concat([MAGIC, packed])
}

/**
 * Reads a record and checks all that can be checked without the blocks.
 * @throws {AetherError} `invalid`
 */
export function decodeRecord(bytes: Uint8Array): SnapshotRecord {
  const message = unpack(bytes)
  const blocks = message.blocks.map((b) => ({
    id: idFromBytes<BlockInfo['id']>(b.id),
    size: inRange(b.size, FOOTER_BYTES + 1, MAX_BLOCK, 'block size'),
    tailSize: inRange(b.tailSize, FOOTER_BYTES, Math.min(b.size, MAX_TAIL), 'tail size'),
    tailHash: idFromBytes<string>(b.tailSha256),
  }))
  if (new Set(blocks.map((b) => b.id)).size !== blocks.length) throw malformed('it names a block twice')
  return {
    digest: idFromBytes<Digest>(message.digest),
    listing: fromStream(message.listing, 'listing', blocks.length, { bytes: MAX_LISTING_BYTES, inline: MAX_INLINE }),
    times: fromStream(message.times, 'times', blocks.length, { bytes: MAX_LISTING_BYTES, inline: MAX_INLINE }),
    content: fromStream(message.content, 'content', blocks.length, { bytes: Number.MAX_SAFE_INTEGER, inline: 0 }),
    blocks,
    provenance: provenanceOf(message),
  }
}

function unpack(bytes: Uint8Array): RecordMessage {
  if (bytes.length > MAX_RECORD) throw malformed(`it has over ${MAX_RECORD} bytes`)
  if (!MAGIC.equals(bytes.subarray(0, MAGIC.length)))
    throw malformed('it does not begin as a record of this format version')
  try {
    const plain = zstdDecompressSync(bytes.subarray(MAGIC.length), { maxOutputLength: MAX_RECORD_PLAIN })
    checkRecordBounds(plain)
    return fromBinary(SnapshotRecordSchema, plain)
  } catch (cause) {
    if (cause instanceof AetherError) throw cause
    throw malformed('it does not decode', cause)
  }
}

function provenanceOf(message: RecordMessage): Provenance {
  const { creator = '', createdMicros = 0n, message: text = '', labels = {} } = message.provenance ?? {}
  return { creator, createdMicros: Number(createdMicros), message: text, labels: { ...labels } }
}

function toStream(stream: StoredStream): StreamMessage {
  const { block, first, count, start } = stream.extents
  const length = Array.from(block, (_, i) => start[i + 1]! - start[i]!)
  return create(StreamSchema, {
    length: BigInt(stream.length),
    inline: stream.inline,
    ...(block.length > 0 && { extents: { block: [...block], first: [...first], count: [...count], length } }),
  })
}

function fromStream(
  stream: StreamMessage | undefined,
  name: string,
  blocks: number,
  limit: { bytes: number; inline: number },
): StoredStream {
  if (stream === undefined) throw malformed(`it has no ${name}`)
  const length = Number(stream.length)
  if (length > limit.bytes) throw malformed(`its ${name} is over ${limit.bytes} bytes long`)
  const extents = stream.extents ? toExtents(stream.extents, name, blocks) : NO_EXTENTS
  if (stream.inline.length > limit.inline) throw malformed(`its ${name} has over ${limit.inline} bytes outside blocks`)
  if (stream.inline.length > 0 && extents.block.length > 0) throw malformed(`its ${name} is both in it and in blocks`)
  if (stream.inline.length + streamLength(extents) !== length)
    throw malformed(`its ${name} does not have the announced length`)
  return { length, inline: stream.inline, extents }
}

function toExtents(columns: NonNullable<StreamMessage['extents']>, name: string, blocks: number): Extents {
  const { block, first, count, length } = columns
  if ([first, count, length].some((column) => column.length !== block.length))
    throw malformed(`the extents of its ${name} have columns of unequal length`)
  const start = new Float64Array(block.length + 1)
  for (let i = 0; i < block.length; i++) {
    inRange(block[i]!, 0, blocks - 1, 'block place')
    inRange(first[i]! + inRange(count[i]!, 1, MAX_BLOCK_CHUNKS, 'chunk count'), 1, MAX_BLOCK_CHUNKS, 'chunk place')
    start[i + 1] = start[i]! + inRange(length[i]!, 1, MAX_BLOCK_PLAIN, 'extent length')
  }
  return { block: Uint32Array.from(block), first: Uint32Array.from(first), count: Uint32Array.from(count), start }
}

function inRange(value: number, low: number, high: number, what: string): number {
  if (!Number.isInteger(value) || value < low || value > high) throw malformed(`a ${what} of ${value} is out of range`)
  return value
}

function malformed(reason: string, cause?: unknown): AetherError {
  return new AetherError('invalid', `The snapshot record is malformed: ${reason}`, { cause })
}
