// What is known of the entries of a source without reading them, by place, in memory that threads share: the hash of each
// file, and where it stood in the content of the last push.
import { type FileHash, ID_BYTES, idAt } from '../../core/id.ts'
import type { EntryTable } from '../../dataset/entry-table.ts'

export interface KnownFiles {
  /** 32 bytes for each entry, zero where none is known. A scan adds those of the files that it reads. */
  hashes: Buffer
  /** First byte in the content of the last push; -1 for what changed since. */
  oldOffset: Float64Array
  /** Nothing at all changed. */
  same: boolean
}

export function createKnownFiles(count: number): KnownFiles {
  const hashes = Buffer.from(new SharedArrayBuffer(count * ID_BYTES))
  const oldOffset = new Float64Array(new SharedArrayBuffer(count * Float64Array.BYTES_PER_ELEMENT)).fill(-1)
  return { hashes, oldOffset, same: false }
}

const NONE = '0'.repeat(2 * ID_BYTES)

/** @throws {Error} when the file was never hashed, which is a defect. */
export function hashAt({ hashes }: KnownFiles, place: number): FileHash {
  const hash = idAt<FileHash>(hashes, place)
  if (hash === NONE) throw new Error(`No hash for entry ${place}`)
  return hash
}

/** Now that this content was pushed, it is that of the last push. A file that is too new counts as changed all the same. */
export function knowAsPushed(known: KnownFiles, entries: EntryTable): void {
  let offset = 0
  for (let place = 0; place < entries.length; place++) {
    known.oldOffset[place] = entries.isSettled(place) ? offset : -1
    offset += entries.size(place)
  }
  known.same = !known.oldOffset.includes(-1)
}
