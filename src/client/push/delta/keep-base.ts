// After a push: its files are kept for the next one, which may then send what has changed in them instead of whole chunks.
import { lstatSync, readdirSync, unlinkSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Digest, FileHash } from '../../../core/id.ts'
import type { FileEntry } from '../../../core/listing.ts'
import { inSlices } from '../../../dataset/sources/in-slices.ts'
import { makeFolders } from '../../../storage/make-folders.ts'
import type { SharedLock } from '../../../storage/shared-lock.ts'
import type { PreparedSource } from '../prepare.ts'
import { baseFolder, distinctFiles, filesFolder, readBaseHead, readContents, writeBase } from './kept-base.ts'
import { createTaker, isAsKept, type KeptStamp, removeKept } from './kept-files.ts'
import { createLinkedFiles } from './linked-files.ts'
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

/**
 * Never fails: what cannot be kept only costs the next push bytes, and that one tries again.
 * @returns whether stamps may have changed, so that the stat cache is to be written after this
 */
export async function keepBase(source: PreparedSource, digest: Digest, bases: Bases): Promise<boolean> {
  if (!bases.lock || !isOnDisk(source)) return false
  try {
    const folder = baseFolder(bases.cacheFolder, basename(source.cachePath))
    if (await isKept(source, digest, folder, bases)) return false
    await bases.lock.alone(() => replaceBase(source, digest, folder, bases))
  } catch {} // the disk is full, or not to be written
  return true
}

async function isKept({ known }: PreparedSource, digest: Digest, folder: string, { most }: Bases): Promise<boolean> {
  if (most === 0 || !known.same) return false
  const head = await readBaseHead(folder)
  if (head?.digest !== digest || head.bytes > most) return false
  markUsed(folder)
  return true
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
  const keep = createKeep(source, files, (await readContents(folder)) ?? NONE)
  let place = 0
  await inSlices(() => {
    const entry = texts.entries[place]
    if (entry?.kind === 'file' && entry.size > 0) keep.take(place, entry)
    return ++place < texts.entries.length
  })
  await writeBase(folder, { digest, ...texts, stamps: keep.stamps })
  keep.removeOthers()
}

const NONE: ReadonlyMap<FileHash, KeptStamp> = new Map()

/** @param before what was kept last time */
function createKeep(source: PreparedSource, files: string, before: ReadonlyMap<FileHash, KeptStamp>) {
  const { entries, known } = source
  const linked = createLinkedFiles(entries, createPathOf(source))
  const taker = createTaker()
  const names = new Set(readdirSync(files))
  const stamps = new Map<FileHash, KeptStamp>()

  function take(place: number, { hash, size }: FileEntry): void {
    if (stamps.has(hash)) return
    const old = names.has(hash) ? before.get(hash) : undefined
    const stamp = old && isIntact(place, size, hash, old) ? old : keep(place, hash)
    if (stamp) stamps.set(hash, stamp)
  }

  /** A link to a file that did not change since the last push did not change either. */
  function isIntact(place: number, size: number, hash: FileHash, stamp: KeptStamp): boolean {
    const isUnchanged = known.oldOffset[place]! >= 0 && linked.inode(place) === stamp.ino
    return isUnchanged || isAsKept(join(files, hash), size, stamp)
  }

  function keep(place: number, hash: FileHash): KeptStamp | undefined {
    const kept = join(files, hash)
    if (names.delete(hash)) remove(kept)
    try {
      const is = linked.naming(place, (path) => taker.take(path, kept))
      if (is) return stampOf(taker.clones() ? lstatSync(kept) : is)
    } catch {} // its owner is another, or it has too many links already
    return undefined
  }

  /** What was rewritten in place has its second name here still, and removing that is a change to it like making it was. */
  function remove(path: string): void {
    linked.renaming(lstatSync(path).ino, () => unlinkSync(path))
  }

  const removeOthers = () => removeKept(files, (name) => stamps.has(name as FileHash), remove)

  return { stamps, take, removeOthers }
}

function stampOf({ mtimeMs, ino }: KeptStamp): KeptStamp {
  return { mtimeMs, ino }
}
