// Folders that a crash does not take away: a new folder is on stable storage once the folder above it is synced.
import { dirname } from 'node:path'
import { systemCode } from '../../core/errors.ts'
import { makeFolders } from '../make-folders.ts'
import { isMissing } from './explain.ts'
import type { FolderFs } from './folder-fs.ts'

/** For the owner only: a store holds the key that signs receipts. */
const FOLDER_MODE = 0o700
/** How many folders are remembered as synced; forgetting one costs a sync. */
const REMEMBERED = 10_000

/** Answers a function that makes a folder below `root` and all above it, and syncs what it has not synced before. */
export function createFolderMaker(fs: FolderFs, root: string): (folder: string) => Promise<void> {
  const synced = new Set<string>()

  async function ensure(folder: string): Promise<void> {
    if (folder === root) return
    const isNew = await make(folder)
    if (!isNew && synced.has(folder)) return
    // Also when it was there: another process may have made it a moment ago and not have synced it yet.
    await ensure(dirname(folder))
    await syncFolder(fs, dirname(folder))
    if (synced.size >= REMEMBERED) synced.clear()
    synced.add(folder)
  }

  async function make(folder: string): Promise<boolean> {
    try {
      await fs.mkdir(folder, { mode: FOLDER_MODE })
      return true
    } catch (error) {
      if (systemCode(error) === 'EEXIST') return false
      if (systemCode(error) !== 'ENOENT' || dirname(folder) === root) throw error
    }
    await ensure(dirname(folder))
    return make(folder)
  }

  return ensure
}

/** Makes the folder of a store and puts it on stable storage; one that is there is left as it is. */
export async function ensureRoot(fs: FolderFs, root: string): Promise<void> {
  const made = await makeFolders(root, FOLDER_MODE, fs.mkdir)
  for (const folder of made.reverse()) await syncFolder(fs, dirname(folder))
}

/** File systems that keep no order of folder changes (some network and FUSE ones) answer a sync of a folder so. */
const CANNOT_SYNC = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP'])

/** Without this a crash can undo what was linked, renamed or removed in the folder. A folder that is gone needs none. */
export async function syncFolder(fs: FolderFs, folder: string): Promise<void> {
  try {
    const handle = await fs.open(folder, 'r')
    await handle.sync().finally(() => handle.close())
  } catch (error) {
    if (!isMissing(error) && !CANNOT_SYNC.has(systemCode(error) ?? '')) throw error
  }
}
