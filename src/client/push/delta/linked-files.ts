// Makes and removes names of the producer's files without the next push taking them for changed: that changes the time of an
// inode, which is part of the stamps that the push has of it.
import { lstatSync } from 'node:fs'
import type { EntryTable } from '../../../dataset/entry-table.ts'
import { inodeIn, isSameButLinked, stampOf } from '../../../dataset/sources/file-stamp.ts'

export interface LinkedFiles {
  /** Places of the files with this inode; the source may have links of its own. */
  placesOf(ino: number): readonly number[]
  /** False, and nothing is done, when the file is not what its stamp says; also when it changed in the middle of it. */
  renaming(place: number, action: () => boolean): boolean
}

export function createLinkedFiles(entries: EntryTable, pathOf: (entryPath: string) => string): LinkedFiles {
  const places = new Map<number, number[]>()
  for (let place = 0; place < entries.length; place++) {
    if (entries.size(place) === 0) continue
    const ino = inodeIn(entries.at(place).stamp)
    const others = places.get(ino)
    if (others) others.push(place)
    else places.set(ino, [place])
  }
  const placesOf = (ino: number) => places.get(ino) ?? []

  function renaming(place: number, action: () => boolean): boolean {
    const { path, stamp } = entries.at(place)
    if (stampOf(lstatSync(pathOf(path))) !== stamp || !action()) return false
    const now = stampOf(lstatSync(pathOf(path)))
    if (!isSameButLinked(now, stamp)) return false
    for (const each of placesOf(inodeIn(stamp))) if (entries.at(each).stamp === stamp) entries.restamp(each, now)
    return true
  }

  return { placesOf, renaming }
}
