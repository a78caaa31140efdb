// Makes and removes names of the producer's files without the next push taking them for changed: that changes the time of an
// inode, which is part of the stamps that the push has of it.
import { lstatSync, type Stats } from 'node:fs'
import type { EntryTable } from '../../../dataset/entry-table.ts'
import { packedStamp } from '../../../dataset/packed-entry.ts'
import { inodeIn, isSameButLinked, stampOf } from '../../../dataset/sources/file-stamp.ts'

export interface LinkedFiles {
  /** The inode of a file, as it was listed. */
  inode(place: number): number
  /** Does something to the names of an inode that is not, or may be, one of the source; it may have several places there. */
  renaming(ino: number, action: () => void): void
  /**
   * Gives a file one more name, or none if it is not what its stamp says.
   * @param action false when it did not go
   * @returns what it is then; undefined also when it changed in the middle of that
   */
  naming(place: number, action: (path: string) => boolean): Stats | undefined
}

export function createLinkedFiles(entries: EntryTable, pathOf: (entryPath: string) => string): LinkedFiles {
  const inode = (place: number) => inodeIn(packedStamp(entries.slab(place), entries.offset(place)))
  const places = placesByInode(entries, inode)

  function naming(place: number, action: (path: string) => boolean): Stats | undefined {
    const { path: entryPath, stamp } = entries.at(place)
    const path = pathOf(entryPath)
    if (stampOf(lstatSync(path)) !== stamp || !action(path)) return undefined
    const stat = lstatSync(path)
    const now = stampOf(stat)
    if (!isSameButLinked(now, stamp)) return undefined
    if (now !== stamp) for (const each of places.get(stat.ino) ?? []) restamp(each, stamp, now)
    return stat
  }

  function restamp(place: number, before: string, now: string): void {
    if (entries.at(place).stamp === before) entries.restamp(place, now)
  }

  function renaming(ino: number, action: () => void): void {
    let done = false
    const once = () => {
      done = true
      action()
      return true
    }
    const [place] = places.get(ino) ?? []
    if (place !== undefined) naming(place, once)
    if (!done) action()
  }

  return { inode, renaming, naming }
}

function placesByInode(entries: EntryTable, inode: (place: number) => number): Map<number, number[]> {
  const places = new Map<number, number[]>()
  for (let place = 0; place < entries.length; place++) {
    if (entries.size(place) === 0) continue
    const others = places.get(inode(place))
    if (others) others.push(place)
    else places.set(inode(place), [place])
  }
  return places
}
