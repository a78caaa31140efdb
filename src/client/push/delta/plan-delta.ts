// Whether a push may send a delta: it needs the snapshot that its source was pushed as last, on the hub and on this machine.
import { basename, join } from 'node:path'
import { AetherError } from '../../../core/errors.ts'
import { type FileHash, idAt } from '../../../core/id.ts'
import type { FileEntry } from '../../../core/listing.ts'
import type { OpenBase } from '../bases.ts'
import type { PreparedSource } from '../prepare.ts'
import type { PushDeps, PushTarget } from '../push-target.ts'
import { baseFolder, filesFolder, type KeptBase, readBase } from './kept-base.ts'
import { isAsKept } from './kept-files.ts'
import { type ChangedFile, isPromising } from './probe.ts'
import { createPathOf, isOnDisk } from './source-image.ts'

export interface DeltaPlan {
  base: KeptBase
  /** Where the files of the base are that have bytes, in the order of its listing. */
  basePaths: string[]
}

/** Of fewer changed bytes chunks are as good. */
export const LEAST_CHANGED = 64 * 1024

/** Undefined when chunks will do. */
export async function planDelta(
  { dataset }: PushTarget,
  { source, bases, options }: PushDeps,
  opened: readonly OpenBase[],
): Promise<DeltaPlan | undefined> {
  const digest = source.last?.digest
  const onHub = opened.find((base) => base.dataset === dataset && base.digest === digest)
  if (!bases.lock || bases.most === 0 || !onHub || !isOnDisk(source) || changedBytes(source) < LEAST_CHANGED)
    return undefined
  try {
    const folder = baseFolder(bases.cacheFolder, basename(source.cachePath))
    const base = await readBase(folder)
    if (base?.digest !== digest || !hasTimes(onHub, base!)) return undefined
    const found = findFiles(source, base!, filesFolder(folder))
    return found && (await isPromising(found.changed, options.signal)) ? { base: base!, ...found } : undefined
  } catch (error) {
    if (options.signal?.aborted) throw new AetherError('cancelled', 'Cancelled', { cause: error })
    return undefined // a file went away meanwhile: whoever reads all of them will tell
  }
}

/** The same files may have been pushed before with other times, which the hub has kept: then its image is another. */
function hasTimes({ record: { times } }: OpenBase, base: KeptBase): boolean {
  if (times.length !== base.times.length) return false
  return times.inline.length === 0 || Buffer.compare(times.inline, base.times) === 0
}

function changedBytes({ entries, known }: PreparedSource): number {
  return entries.sizes().reduce((sum, size, place) => sum + (known.oldOffset[place]! < 0 ? size : 0), 0)
}

/** Undefined when a file of the base is nowhere as it was: it was rewritten in place, and the kept one with it. */
function findFiles(source: PreparedSource, base: KeptBase, files: string) {
  const { entries } = source
  const pathOf = createPathOf(source)
  const places = new Map<string, number>()
  for (let place = 0; place < entries.length; place++) places.set(entries.at(place).path, place)
  const basePaths: string[] = []
  const changed: ChangedFile[] = []
  for (const entry of base.entries) {
    if (entry.kind !== 'file' || entry.size === 0) continue
    const place = places.get(entry.path)
    const isThere = place !== undefined && isUnchanged(source, place, entry)
    const path = isThere ? pathOf(entry.path) : keptPath(base, entry, files)
    if (path === undefined) return undefined
    basePaths.push(path)
    const size = isThere || place === undefined ? 0 : entries.size(place)
    if (size > 0) changed.push({ path: pathOf(entry.path), size, oldPath: path, oldSize: entry.size })
  }
  return { basePaths, changed }
}

function isUnchanged({ entries, known }: PreparedSource, place: number, { size, hash }: FileEntry): boolean {
  return known.oldOffset[place]! >= 0 && entries.size(place) === size && idAt<FileHash>(known.hashes, place) === hash
}

function keptPath({ stamps }: KeptBase, { hash, size }: FileEntry, files: string): string | undefined {
  const stamp = stamps.get(hash)
  const path = join(files, hash)
  return stamp && isAsKept(path, size, stamp) ? path : undefined
}
