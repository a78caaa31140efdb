// The files of a pushed snapshot in the cache, named by their hashes: as clones where the file system makes them, which then
// have nothing in common with the producer's files any more, else as hard links. A link changes with a file that is
// rewritten in place, so it is only believed while its size, time and inode are those that it had.
//
// A link shares its permissions with the producer's file, so they stay as they are; the folder is for this user alone.
import { chmodSync, constants, copyFileSync, existsSync, linkSync, lstatSync, readdirSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { systemCode } from '../../../core/errors.ts'

/** What a kept file was when it was kept. Its size is that of the file in the listing. */
export interface KeptStamp {
  mtimeMs: number
  ino: number
}

const CLONE = constants.COPYFILE_FICLONE_FORCE | constants.COPYFILE_EXCL
/** The file system cannot do it, for this file or any other. */
const HOPELESS = ['EXDEV', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'ENOTTY', 'EINVAL']

/** Gives files a second name, or a clone. */
export interface Taker {
  /** False when it did not go. */
  take(path: string, kept: string): boolean
  /** Whether what was taken has an inode of its own. */
  clones(): boolean
}

export function createTaker(): Taker {
  let [clones, links] = [true, true]

  function take(path: string, kept: string): boolean {
    if (clones) {
      clones = attempt(() => copyFileSync(path, kept, CLONE))
      if (clones) chmodSync(kept, 0o400)
    }
    if (!clones && links) links = attempt(() => linkSync(path, kept))
    return clones || links
  }

  return { take, clones: () => clones }
}

/** False when it will not go for any other file either. */
function attempt(action: () => void): boolean {
  try {
    action()
    return true
  } catch (error) {
    if (HOPELESS.includes(systemCode(error) ?? '')) return false
    throw error
  }
}

/** Whether a kept file is as it was when it was kept. */
export function isAsKept(path: string, size: number, { mtimeMs, ino }: KeptStamp): boolean {
  const is = lstatSync(path, { throwIfNoEntry: false })
  return is?.isFile() === true && is.size === size && is.mtimeMs === mtimeMs && is.ino === ino
}

/** Removes all files of a folder but some. Never more than names: the files may be a producer's too. */
export function removeKept(
  folder: string,
  isWanted: (name: string) => boolean = () => false,
  remove: (path: string) => void = unlinkSync,
): void {
  for (const name of existsSync(folder) ? readdirSync(folder) : []) if (!isWanted(name)) remove(join(folder, name))
}
