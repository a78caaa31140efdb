// A pushed source as deltas need it: its listing, its times, and where its files are.
import { realpathSync } from 'node:fs'
import { type Entry, listingPieces } from '../../../core/listing.ts'
import { timesPieces } from '../../../core/times.ts'
import { resolveFolder } from '../../../dataset/sources/walk.ts'
import type { PreparedSource } from '../prepare.ts'
import { listingOf } from '../stage.ts'
import { MAX_BASE_LISTING } from './kept-base.ts'

/** Only files that lie on the disk as they are can be kept, and read again in any order. */
export function isOnDisk({ spec }: Pick<PreparedSource, 'spec'>): boolean {
  return spec.kind === 'folder' || spec.kind === 'file'
}

/** Where the file of an entry is. */
export function createPathOf({ spec }: Pick<PreparedSource, 'spec'>): (entryPath: string) => string {
  if (spec.kind === 'file') {
    const path = realpathSync(spec.path)
    return () => path
  }
  const base = resolveFolder(spec.path)
  return (entryPath) => base + entryPath
}

export interface SourceTexts {
  listing: Uint8Array
  times: Uint8Array
  entries: Entry[]
}

/** Undefined when they are longer than a base may be. The hashes of all files must be known. */
export function textsOf({ entries: table, known }: PreparedSource): SourceTexts | undefined {
  const entries: Entry[] = []
  const listing = collect(listingPieces(noted(listingOf(table, known), entries)))
  const times = listing && collect(timesPieces(table.times()))
  return listing && times && { listing, times, entries }
}

function* noted<T>(items: Iterable<T>, list: T[]): Generator<T> {
  for (const item of items) {
    list.push(item)
    yield item
  }
}

/** @param pieces each may change when the next is asked for */
function collect(pieces: Iterable<Uint8Array>): Uint8Array | undefined {
  const parts: Buffer[] = []
  let length = 0
  for (const piece of pieces) {
    length += piece.length
    if (length > MAX_BASE_LISTING) return undefined
    parts.push(Buffer.from(piece))
  }
  return Buffer.concat(parts)
}
