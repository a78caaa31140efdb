// After a push: its files are kept for the next one, which may then send what has changed in them instead of whole chunks.
import { existsSync, lstatSync, unlinkSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Digest, FileHash } from '../../../core/id.ts'
import { inSlices } from '../../../dataset/sources/in-slices.ts'
import { makeFolders } from '../../../storage/make-folders.ts'
import type { SharedLock } from '../../../storage/shared-lock.ts'
import type { PreparedSource } from '../prepare.ts'
import {
  baseFolder,
  distinctFiles,
  filesFolder,
  type KeptBase,
  readBase,
  readBaseHead,
  writeBase,
} from './kept-base.ts'
import { createTaker, isAsKept, type KeptStamp, removeKept, stampOfKept } from './kept-files.ts'
import { createLinkedFiles, type LinkedFiles } from './linked-files.ts'
import { markUsed, pruneBases, removeBase } from './prune-bases.ts'
import { createPathOf, isOnDisk, type SourceTexts, textsOf } from './source-image.ts'

/** Where files are kept, and how many of them. */
export interface Bases {
  cacheFolder: string
  /** Apparent bytes of all that is kept, at most; 0 keeps nothing. */
  most: number
  /**
   * Shared by all pushes that use this cache. A link changes the time of a file's inode, so that a push which is reading it would
   * take it for changed: links are only made and removed while no other push is under way. Undefined when it cannot be had.
   */
  lock: SharedLock | undefined
}

/** Never fails: what cannot be kept only costs the next push bytes. To be called before the stat cache is written. */
export async function keepBase(source: PreparedSource, digest: Digest, bases: Bases): Promise<void> {
  if (!bases.lock || !isOnDisk(source)) return
  try {
    const folder = baseFolder(bases.cacheFolder, basename(source.cachePath))
    const isKept = bases.most > 0 && source.known.same
    if (isKept && (await readBaseHead(folder))?.digest === digest) markUsed(folder)
    else await bases.lock.alone(() => replaceBase(source, digest, folder, bases))
  } catch {} // the disk is full, or not to be written
}

async function replaceBase(source: PreparedSource, digest: Digest, folder: string, bases: Bases): Promise<void> {
  const texts = bases.most > 0 ? textsOf(source) : undefined
  const bytes = distinctFiles(texts?.entries ?? []).reduce((sum, { size }) => sum + size, 0)
  if (!texts || bytes > bases.most) removeBase(folder)
  else await keepFiles(source, texts, digest, folder)
  await pruneBases(bases.cacheFolder, bases.most)
}

/** What was kept before stays until the new manifest is there, so that a crash leaves the one or the other. */
async function keepFiles(source: PreparedSource, texts: SourceTexts, digest: Digest, folder: string): Promise<void> {
  const files = filesFolder(folder)
  await makeFolders(files, 0o700)
  const linked = createLinkedFiles(source.entries, createPathOf(source))
  const before = intactStamps(await readBase(folder), files)
  const remove = (path: string) => removeName(path, linked)
  removeKept(files, (name) => before.has(name as FileHash), remove)
  const stamps = new Map<FileHash, KeptStamp>()
  const keep = createKeep(source, files, linked)
  let place = 0
  await inSlices(() => {
    const entry = texts.entries[place]
    if (entry?.kind === 'file' && entry.size > 0 && !stamps.has(entry.hash)) {
      const kept = before.get(entry.hash) ?? keep(place, entry.hash)
      if (kept) stamps.set(entry.hash, kept)
    }
    return ++place < texts.entries.length
  })
  await writeBase(folder, { digest, ...texts, stamps })
  removeKept(files, (name) => stamps.has(name as FileHash), remove)
}

function intactStamps(base: KeptBase | undefined, files: string): Map<FileHash, KeptStamp> {
  const intact = new Map<FileHash, KeptStamp>()
  for (const { hash, size } of distinctFiles(base?.entries ?? [])) {
    const stamp = base?.stamps.get(hash)
    if (stamp && isAsKept(join(files, hash), size, stamp)) intact.set(hash, stamp)
  }
  return intact
}

/** What was rewritten in place has its second name here still, and removing that is a change to it like making it was. */
function removeName(path: string, { placesOf, renaming }: LinkedFiles): void {
  const remove = () => {
    unlinkSync(path)
    return true
  }
  const [place] = placesOf(lstatSync(path).ino)
  if (place !== undefined) renaming(place, remove)
  if (existsSync(path)) remove()
}

function createKeep(source: PreparedSource, files: string, linked: LinkedFiles) {
  const pathOf = createPathOf(source)
  const take = createTaker()

  return (place: number, hash: FileHash): KeptStamp | undefined => {
    const kept = join(files, hash)
    try {
      if (linked.renaming(place, () => take(pathOf(source.entries.at(place).path), kept))) return stampOfKept(kept)
    } catch {} // its owner is another, or it has too many links already
    return undefined
  }
}
