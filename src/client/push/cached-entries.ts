// The entries in a stat cache: packed as in a source's table, in the same order, each file that has bytes with its hash
// behind it. So the two are compared byte by byte, side by side, and no objects are made of them.
import { ID_BYTES } from '../../core/id.ts'
import type { EntryTable } from '../../dataset/entry-table.ts'
import {
  comparePaths,
  isSameEntry,
  PACKED_HEAD,
  packedBytes,
  packedLength,
  packedSize,
} from '../../dataset/packed-entry.ts'
import { createKnownFiles, type KnownFiles } from './known-files.ts'

/** Bytes that are written or read at once. Longer than any entry. */
export const PIECE_BYTES = 256 * 1024

/** The entries as they are now, in pieces that stay as they are until the next is asked for. */
export function* cachedEntries(entries: EntryTable, { hashes }: KnownFiles): Generator<Buffer> {
  const piece = Buffer.allocUnsafeSlow(PIECE_BYTES)
  let filled = 0
  for (let place = 0; place < entries.length; place++) {
    const { bytes } = entries.slab(place)
    const at = entries.offset(place)
    const end = at + packedLength(entries.slab(place), at)
    if (filled + end - at + ID_BYTES > PIECE_BYTES) {
      yield piece.subarray(0, filled)
      filled = 0
    }
    filled += bytes.copy(piece, filled, at, end)
    if (entries.size(place) > 0) filled += hashes.copy(piece, filled, place * ID_BYTES, (place + 1) * ID_BYTES)
  }
  yield piece.subarray(0, filled)
}

export interface Comparison {
  /** The next of the cached bytes, at most PIECE_BYTES of them. @throws {RangeError} when they make no sense. */
  push(piece: Uint8Array): void
  /** What the cache knows of the entries as they are now. @throws {RangeError} when the cached bytes break off. */
  end(): KnownFiles
}

export function createComparison(entries: EntryTable): Comparison {
  const known = createKnownFiles(entries.length)
  const held = packedBytes(Buffer.allocUnsafeSlow(2 * PIECE_BYTES))
  let filled = 0 // bytes that are held
  let place = 0 // the first entry that may be the next cached one
  let offset = 0 // of the next cached one in the content
  let [cached, same] = [0, 0]

  function push(piece: Uint8Array): void {
    held.bytes.set(piece, filled)
    filled += piece.length
    let at = 0
    for (let end = endOf(at); end <= filled; end = endOf(at)) {
      take(at, end)
      at = end
    }
    held.bytes.copyWithin(0, at, filled)
    filled -= at
  }

  /** Where a cached entry and its hash end, which may be behind what is held so far. */
  function endOf(at: number): number {
    if (at + PACKED_HEAD > filled) return Number.POSITIVE_INFINITY
    return at + packedLength(held, at) + (packedSize(held, at) > 0 ? ID_BYTES : 0)
  }

  function take(at: number, end: number): void {
    const size = packedSize(held, at)
    if (!Number.isSafeInteger(size) || size < 0) throw new RangeError('An entry has an impossible size')
    if (meets(at)) {
      known.oldOffset[place] = offset
      if (size > 0) held.bytes.copy(known.hashes, place * ID_BYTES, end - ID_BYTES, end)
      same++
      place++
    }
    offset += size
    cached++
  }

  /** Goes on to where the cached entry would be now; true when it is there and did not change. */
  function meets(at: number): boolean {
    if (isSame(at)) return true
    while (place < entries.length && comparePaths(entries.slab(place), entries.offset(place), held, at) < 0) place++
    return isSame(at)
  }

  function isSame(at: number): boolean {
    return (
      place < entries.length &&
      entries.isSettled(place) &&
      isSameEntry(entries.slab(place), entries.offset(place), held, at)
    )
  }

  function end(): KnownFiles {
    if (filled > 0) throw new RangeError('The last entry is cut short')
    known.same = same === entries.length && cached === entries.length
    return known
  }

  return { push, end }
}
