// Whether the files that a push has read are still what they were when they were listed.
import { lstatSync, statSync } from 'node:fs'
import { isAsListed } from '../../../dataset/sources/file-stamp.ts'
import { changedError } from '../../../dataset/sources/source-error.ts'
import type { PreparedSource } from '../prepare.ts'
import { createPathOf } from './source-image.ts'

/** Of those that changed since the last push. @throws {AetherError} `source`, naming the first that changed since */
export function checkUnchanged(source: PreparedSource): void {
  const { entries, known, spec } = source
  const pathOf = createPathOf(source)
  const look = spec.kind === 'file' ? statSync : lstatSync
  for (let place = 0; place < entries.length; place++) {
    if (known.oldOffset[place]! >= 0 || entries.size(place) === 0) continue
    const { path, stamp } = entries.at(place)
    const stat = look(pathOf(path), { throwIfNoEntry: false })
    if (stat === undefined || !isAsListed(stat, stamp)) throw changedError(path)
  }
}
