// One entry of a source as bytes. An object with its strings takes three times as much, and only bytes can be shared by
// threads and kept in a file as they are.
//
//   0  length of the path, 2 bytes       6  size, a double
//   2  length of the target, 2 bytes    14  modification time in microseconds, a double
//   4  length of the stamp, 1 byte      22  stamp, path, target
//   5  kind and bits, 1 byte
import type { SourceEntry } from './source.ts'

/** Bytes to pack entries into. */
export interface PackedBytes {
  bytes: Buffer
  view: DataView
}

/** Bytes of an entry that tell how long it is. */
export const PACKED_HEAD = 22
const KINDS = ['file', 'folder', 'link'] as const
const KIND_BITS = 3
const EXECUTABLE = 4
const SETTLED = 8

export function packedBytes(bytes: Uint8Array): PackedBytes {
  const { buffer, byteOffset, byteLength } = bytes
  return { bytes: Buffer.from(buffer, byteOffset, byteLength), view: new DataView(buffer, byteOffset, byteLength) }
}

/** Bytes that an entry takes at most. */
export function packedBound({ path, target, stamp }: SourceEntry): number {
  return PACKED_HEAD + stamp.length + 3 * (path.length + target.length)
}

/** Writes an entry; returns its length. There must be room. */
export function packEntry({ bytes, view }: PackedBytes, at: number, entry: SourceEntry): number {
  const stampLength = bytes.write(entry.stamp, at + PACKED_HEAD, 'latin1')
  const pathAt = at + PACKED_HEAD + stampLength
  const pathLength = bytes.write(entry.path, pathAt)
  const targetLength = entry.target === '' ? 0 : bytes.write(entry.target, pathAt + pathLength)
  const bits = (entry.executable ? EXECUTABLE : 0) | (entry.settled ? SETTLED : 0)
  view.setUint16(at, pathLength, true)
  view.setUint16(at + 2, targetLength, true)
  view.setUint8(at + 4, stampLength)
  view.setUint8(at + 5, KINDS.indexOf(entry.kind) | bits)
  view.setFloat64(at + 6, entry.size, true)
  view.setFloat64(at + 14, entry.modifiedMicros, true)
  return PACKED_HEAD + stampLength + pathLength + targetLength
}

export function unpackEntry(packed: PackedBytes, at: number, location: number): SourceEntry {
  const { bytes, view } = packed
  const bits = view.getUint8(at + 5)
  const path = pathStart(packed, at)
  const target = path + view.getUint16(at, true)
  return {
    kind: KINDS[bits & KIND_BITS]!,
    path: bytes.toString('utf8', path, target),
    executable: (bits & EXECUTABLE) !== 0,
    size: packedSize(packed, at),
    target: bytes.toString('utf8', target, target + view.getUint16(at + 2, true)),
    modifiedMicros: modifiedAt(packed, at),
    stamp: bytes.toString('latin1', at + PACKED_HEAD, path),
    settled: isSettledEntry(packed, at),
    location,
  }
}

/** The bytes of an entry's stamp. */
export function packedStamp({ bytes, view }: PackedBytes, at: number): Buffer {
  return bytes.subarray(at + PACKED_HEAD, at + PACKED_HEAD + view.getUint8(at + 4))
}

/** Puts another stamp of the same length in the place of the present one. */
export function restampEntry({ bytes }: PackedBytes, at: number, stamp: string): void {
  bytes.write(stamp, at + PACKED_HEAD, 'latin1')
}

export function packedLength({ view }: PackedBytes, at: number): number {
  return PACKED_HEAD + view.getUint8(at + 4) + view.getUint16(at, true) + view.getUint16(at + 2, true)
}

export function packedSize({ view }: PackedBytes, at: number): number {
  return view.getFloat64(at + 6, true)
}

export function modifiedAt({ view }: PackedBytes, at: number): number {
  return view.getFloat64(at + 14, true)
}

export function isSettledEntry({ view }: PackedBytes, at: number): boolean {
  return (view.getUint8(at + 5) & SETTLED) !== 0
}

/** Whether two entries are equal in all but their location. */
export function isSameEntry(a: PackedBytes, aAt: number, b: PackedBytes, bAt: number): boolean {
  return a.bytes.compare(b.bytes, bAt, bAt + packedLength(b, bAt), aAt, aAt + packedLength(a, aAt)) === 0
}

/** Order of two entries by the bytes of their paths: negative, 0 or positive. */
export function comparePaths(a: PackedBytes, aAt: number, b: PackedBytes, bAt: number): number {
  const [aStart, bStart] = [pathStart(a, aAt), pathStart(b, bAt)]
  const [aEnd, bEnd] = [aStart + a.view.getUint16(aAt, true), bStart + b.view.getUint16(bAt, true)]
  return a.bytes.compare(b.bytes, bStart, bEnd, aStart, aEnd)
}

function pathStart({ view }: PackedBytes, at: number): number {
  return at + PACKED_HEAD + view.getUint8(at + 4)
}
