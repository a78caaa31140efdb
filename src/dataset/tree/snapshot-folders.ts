// The folders of a snapshot as ranges of its sorted entries; no index of them is built.
//
// Entries are in byte order of their whole paths, so all that lies below a folder is one run. Between the children of a folder
// that order is the one of their names, with a "/" behind the names of folders: "a-b", "a.b", "a/" and "a0" in this order.
import type { Entry } from '../../core/listing.ts'
import { bisect, type PackedListing } from '../../core/packed-listing.ts'

/** The entry `index`, or the folder that the first `depth` parts of its path name; of all entries below it, its first. */
export interface Spot {
  index: number
  depth: number
}

export interface Child {
  spot: Spot
  /** Where the next child of the folder begins, if there is one. */
  next: number
}

export const ROOT: Spot = { index: 0, depth: 0 }

/** What has this path, if anything does. @param parts none of them empty or with a "/" in it */
export function spotOf(entries: PackedListing, parts: readonly string[]): Spot | undefined {
  if (parts.length === 0) return ROOT
  const path = parts.join('/')
  const exact = entries.lowerBound(path)
  if (entries.pathAt(exact) === path) return { index: exact, depth: parts.length }
  const first = entries.lowerBound(`${path}/`)
  if (entries.pathAt(first)?.startsWith(`${path}/`)) return { index: first, depth: parts.length }
  return undefined
}

/** The same spot if it names something in these entries, by the first entry below it; wherever it comes from. */
export function checkedSpot(entries: PackedListing, { index, depth }: Spot): Spot | undefined {
  if (depth === 0) return index === 0 ? ROOT : undefined
  const path = entries.pathAt(index)
  const end = path === undefined ? undefined : endOfParts(path, depth)
  if (path === undefined || end === undefined) return undefined
  return end === path.length ? { index, depth } : { index: entries.lowerBound(path.slice(0, end + 1)), depth }
}

/** The entry at a spot, or undefined when the spot is a folder that has entries below it. */
export function entryAt(entries: PackedListing, { index, depth }: Spot): Entry | undefined {
  const entry = entries.at(index)
  return entry !== undefined && endOfParts(entry.path, depth) === entry.path.length ? entry : undefined
}

/** The path of a spot in the snapshot; empty for its root. */
export function pathAt(entries: PackedListing, { index, depth }: Spot): string {
  const path = entries.pathAt(index) ?? ''
  return path.slice(0, endOfParts(path, depth))
}

/** Children of a folder in their order. @param from where one of them begins */
export function* childrenOf(entries: PackedListing, folder: Spot, from: number = folder.index): Generator<Child> {
  const prefix = prefixAt(entries, folder)
  for (let index = from; entries.pathAt(index)?.startsWith(prefix); ) {
    const next = endOfChild(entries, index, prefix)
    yield { spot: { index, depth: folder.depth + 1 }, next }
    index = next
  }
}

/** Whether a child of the folder begins at `index`, or its last one ends there. */
export function isBoundary(entries: PackedListing, folder: Spot, index: number): boolean {
  const prefix = prefixAt(entries, folder)
  if (!Number.isSafeInteger(index) || index < folder.index || index > entries.length) return false
  if (index === folder.index) return true
  const before = entries.pathAt(index - 1)!
  return before.startsWith(prefix) && endOfChild(entries, index - 1, prefix) === index
}

/** What the paths of all entries below a folder begin with. */
function prefixAt(entries: PackedListing, folder: Spot): string {
  return folder.depth === 0 ? '' : `${pathAt(entries, folder)}/`
}

function endOfChild(entries: PackedListing, index: number, prefix: string): number {
  const path = entries.pathAt(index)!
  const slash = path.indexOf('/', prefix.length)
  return slash < 0 ? index + 1 : endOfRun(entries, index, path.slice(0, slash + 1))
}

/** Behind the last entry of the run from `index` on whose paths begin with `prefix`: in steps that double, since most are short. */
function endOfRun(entries: PackedListing, index: number, prefix: string): number {
  const isIn = (i: number) => entries.pathAt(i)?.startsWith(prefix) === true
  let step = 1
  while (isIn(index + step)) step *= 2
  return bisect(index + (step >> 1), Math.min(index + step, entries.length), isIn)
}

/** Length of the first `depth` parts of a path, undefined when it has fewer. */
function endOfParts(path: string, depth: number): number | undefined {
  if (depth === 0) return 0
  let slash = -1
  for (let part = 1; ; part++) {
    slash = path.indexOf('/', slash + 1)
    if (part === depth) return slash < 0 ? path.length : slash
    if (slash < 0) return undefined
  }
}
