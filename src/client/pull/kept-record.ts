// What a target keeps of each version: enough to use it as a seed, to verify it and to tell what it is, without its hub.
//
// One file for each version, `.aetherfs/records/<key>`: "AFSK" and 0x02; then six sections, each a length (32 bits,
// little endian) and that many bytes; then the SHA-256 of all before, 32 bytes. The sections:
//   1. JSON: host, dataset, include, exclude, files, bytes
//   2. the record as the hub sent it (docs/format.md, section 6)
//   3. the text of the whole listing (docs/format.md, section 2)
//   4. the modification times that the files were left with, packed as in docs/format.md, section 6.2
//   5. one bit for each entry, lowest bit first: whether it was put on disk; empty when all were
//   6. the times of the snapshot, as in section 4; empty when they are the same
// Files of version 1, which end with 0x01, lack the last section.
// The time of the file itself says when the version was last replaced by another.
import { createHash, hash } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AetherError } from '../../core/errors.ts'
import { decodeListing, type Entry, listingDigest } from '../../core/listing.ts'
import { decodeRecord, type SnapshotRecord } from '../../core/record.ts'
import { clampMicros, decodeTimes, encodeTimes } from '../../core/times.ts'
import type { TargetLayout, VersionKey } from './target-layout.ts'

const MAGIC = Buffer.from('AFSK\x02', 'latin1')
const OLD_MAGIC = Buffer.from('AFSK\x01', 'latin1')
const HASH_BYTES = 32

/** What a version is and where it came from. */
export interface About {
  host: string
  dataset: string
  include: readonly string[]
  exclude: readonly string[]
  /** Files on disk, and their bytes. */
  files: number
  bytes: number
}

export interface KeptRecord {
  about: About
  record: SnapshotRecord
  entries: Entry[]
  diskMicros: Float64Array
  /** The times of the snapshot, packed; undefined in old files. */
  times: Uint8Array | undefined
  /** 1 for each entry that was put on disk. */
  onDisk: Uint8Array
}

/** What is put into the file. */
export interface NewKeptRecord {
  about: About
  /** The record as the hub sent it. */
  encoded: Uint8Array
  listingText: Uint8Array
  diskMicros: ArrayLike<number>
  /** The times of the snapshot, in microseconds. */
  micros: Iterable<number>
  onDisk: Uint8Array
}

/**
 * Writes the file under another name, to be renamed to that of the version, and answers its path. Only to be called under
 * the lock of the version: so what a process that was killed has left there is written over.
 */
export async function stageKeptRecord(layout: TargetLayout, key: VersionKey, kept: NewKeptRecord): Promise<string> {
  const path = join(layout.records, `.${key}`)
  await writeFile(path, encodeKeptRecord(kept))
  return path
}

/** The bytes of the file, in pieces: a listing may be long, and joined it would be in memory twice. */
export function encodeKeptRecord(kept: NewKeptRecord): Uint8Array[] {
  const { about, encoded, listingText, diskMicros, micros, onDisk } = kept
  const text = Buffer.from(JSON.stringify(about))
  const diskTimes = encodeTimes(Array.from(diskMicros, clampMicros))
  const times = encodeTimes(micros)
  const sections = [text, encoded, listingText, diskTimes, packBits(onDisk), times.equals(diskTimes) ? EMPTY : times]
  const pieces = [MAGIC, ...sections.flatMap((bytes) => [lengthOf(bytes), bytes])]
  const sum = createHash('sha256')
  for (const piece of pieces) sum.update(piece)
  return [...pieces, sum.digest()]
}

const EMPTY = new Uint8Array()

function lengthOf(bytes: Uint8Array): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32LE(bytes.length)
  return length
}

function packBits(flags: Uint8Array): Uint8Array {
  if (flags.every((flag) => flag === 1)) return new Uint8Array()
  const packed = new Uint8Array(Math.ceil(flags.length / 8))
  for (const [i, flag] of flags.entries()) packed[i >>> 3]! |= flag << (i & 7)
  return packed
}

function unpackBits(packed: Uint8Array, count: number): Uint8Array {
  const flags = new Uint8Array(count).fill(1)
  if (packed.length === 0) return flags
  if (packed.length !== Math.ceil(count / 8)) throw damaged('its last section has the wrong length')
  return flags.map((_, i) => (packed[i >>> 3]! >>> (i & 7)) & 1)
}

/** @throws {AetherError} `invalid` when it is not whole or not that of this version. */
export function decodeKeptRecord(file: Uint8Array, key: VersionKey): KeptRecord {
  const body = file.subarray(0, -HASH_BYTES)
  if (!hash('sha256', body, 'buffer').equals(file.subarray(-HASH_BYTES))) throw damaged('its checksum does not match')
  const [about, encoded, listingText, diskTimes, bits, times] = sectionsOf(body)
  const record = decodeRecord(encoded!)
  if (!key.startsWith(record.digest)) throw damaged('it is that of another version')
  if (listingDigest(listingText!) !== record.digest) throw damaged('its listing is that of another version')
  const entries = decodeListing(listingText!)
  return {
    about: parseAbout(about!),
    record,
    entries,
    diskMicros: decodeTimes(diskTimes!, entries.length),
    times: times?.length === 0 ? diskTimes : times,
    onDisk: unpackBits(bits!, entries.length),
  }
}

function parseAbout(bytes: Uint8Array): About {
  try {
    return JSON.parse(textOf(bytes)) as About
  } catch {
    throw damaged('its first section is no JSON')
  }
}

const SECTIONS = 6

function sectionsOf(body: Uint8Array): Uint8Array[] {
  const count = isOld(body) ? SECTIONS - 1 : SECTIONS
  const view = new DataView(body.buffer, body.byteOffset, body.length)
  const sections: Uint8Array[] = []
  let at = MAGIC.length
  while (sections.length < count && at + 4 <= body.length) {
    const end = at + 4 + view.getUint32(at, true)
    sections.push(body.subarray(at + 4, end))
    at = end
  }
  if (sections.length < count || at !== body.length) throw damaged('its sections do not fill it')
  return sections
}

/** @throws {AetherError} `invalid` when it is of neither version. */
function isOld(head: Uint8Array): boolean {
  const magic = head.subarray(0, MAGIC.length)
  if (!MAGIC.equals(magic) && !OLD_MAGIC.equals(magic)) throw damaged('it is of no format version that is known')
  return OLD_MAGIC.equals(magic)
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString()
}

/** Undefined when there is none or it is damaged: then the version is no seed, and that is all. */
export async function readKeptRecord(layout: TargetLayout, key: VersionKey): Promise<KeptRecord | undefined> {
  try {
    return decodeKeptRecord(await readFile(join(layout.records, key)), key)
  } catch {
    return undefined
  }
}

/** Longest first section that is read by itself, in bytes. */
const MAX_ABOUT = 1024 * 1024

/** The first section alone, unchecked: only for sorting and for telling people. Undefined when it cannot be read. */
export function readAbout(layout: TargetLayout, key: VersionKey): About | undefined {
  try {
    const head = readHead(join(layout.records, key), MAGIC.length + 4)
    const length = head.readUInt32LE(MAGIC.length)
    isOld(head)
    if (length > MAX_ABOUT) return undefined
    const about: About = JSON.parse(
      readHead(join(layout.records, key), head.length + length).toString('utf8', head.length),
    )
    return typeof about.dataset === 'string' && isCount(about.files) && isCount(about.bytes) ? about : undefined
  } catch {
    return undefined
  }
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function readHead(path: string, length: number): Buffer {
  const file = openSync(path, 'r')
  try {
    const head = Buffer.alloc(length)
    return head.subarray(0, readSync(file, head, 0, length, 0))
  } finally {
    closeSync(file)
  }
}

function damaged(reason: string): AetherError {
  return new AetherError('invalid', `A kept record is damaged: ${reason}`)
}
