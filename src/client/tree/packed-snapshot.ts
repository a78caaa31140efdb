// A record with its listing and times as one run of bytes: what a tree keeps of a snapshot that it has opened.

import { AetherError } from '../../core/errors.ts'
import { type Digest, formatDigest } from '../../core/id.ts'
import { decodeRecord } from '../../core/record.ts'
import { encodeTimes } from '../../core/times.ts'
import { checkedListing } from '../../dataset/snapshot-reader.ts'
import type { OpenedSnapshot } from '../../dataset/tree/tree-source.ts'

export interface FetchedSnapshot extends OpenedSnapshot {
  /** The record as the hub gave it. */
  recordBytes: Uint8Array
  /** What it was unpacked from. */
  packed?: Uint8Array
}

const HEAD_BYTES = 8

export function packSnapshot({ recordBytes, listing, packed }: FetchedSnapshot): Uint8Array {
  if (packed) return packed
  const head = Buffer.alloc(HEAD_BYTES)
  head.writeUInt32LE(recordBytes.length, 0)
  head.writeUInt32LE(listing.text.length, 4)
  return Buffer.concat([head, recordBytes, listing.text, encodeTimes(listing.micros)])
}

/** @throws {AetherError} when the bytes are not those of the snapshot */
export function unpackSnapshot(packed: Uint8Array, digest: Digest): FetchedSnapshot {
  const bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.length)
  const textStart = HEAD_BYTES + bytes.readUInt32LE(0)
  const timesStart = textStart + bytes.readUInt32LE(4)
  const recordBytes = bytes.subarray(HEAD_BYTES, textStart)
  const record = decodeRecord(recordBytes)
  if (record.digest !== digest)
    throw new AetherError('integrity', `What was kept of ${formatDigest(digest)} is another snapshot`)
  const listing = checkedListing(record, bytes.subarray(textStart, timesStart), bytes.subarray(timesStart))
  return { recordBytes, record, listing, packed }
}
