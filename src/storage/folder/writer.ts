// Writing and removing objects of a folder store.
//
// Order of a write: temporary file, sync, link or rename to its name, sync the folder. Who changes or removes an object
// that is there does so under the lock of the store, so that nobody comes between the check of its version and the
// rename. Who writes only where nothing is needs no lock: link(2) fails while the name is taken, and a rename over an
// object never leaves its name free.
import { dirname, join } from 'node:path'
import { AetherError, systemCode } from '../../core/errors.ts'
import { checkPut, stopIfAborted } from '../check-options.ts'
import { alreadyThere, changedMeanwhile } from '../conditions.ts'
import type { ProcessLock } from '../process-lock.ts'
import type { ObjectInfo, PutOptions, Storage } from '../storage.ts'
import { createFolderMaker, syncFolder } from './durable-folders.ts'
import { infoOf, type Stamper } from './file-version.ts'
import type { FolderFs } from './folder-fs.ts'
import { statNamed, statOpened } from './read-object.ts'
import { temporaryName, writeSynced } from './temporary-files.ts'

export interface WriterDeps {
  fs: FolderFs
  root: string
  /** Where files in the making lie: below `root`. */
  temporary: string
  /** Which processes the ids of this one's kind are ids of. */
  space: string
  stamp: Stamper
  lock: Pick<ProcessLock, 'run'>
}

/** An object to be and the file that is to hold it. */
interface Target {
  key: string
  path: string
}

export interface FolderWriter {
  put(target: Target, bytes: Uint8Array, options: PutOptions): Promise<ObjectInfo>
  remove(target: Target, options: NonNullable<Parameters<Storage['delete']>[1]>): Promise<void>
}

export function createFolderWriter({ fs, root, temporary, space, stamp, lock }: WriterDeps): FolderWriter {
  const ensureFolder = createFolderMaker(fs, root)

  async function put(target: Target, bytes: Uint8Array, options: PutOptions): Promise<ObjectInfo> {
    checkPut(options)
    await refuseEarly(target, options)
    await ensureFolder(temporary)
    const file = join(temporary, temporaryName(space))
    try {
      const stat = await writeSynced(fs, file, { bytes, stamp, signal: options.signal })
      await ensureFolder(dirname(target.path))
      await place(file, target, options)
      await syncFolder(fs, dirname(target.path))
      return infoOf(target.key, stat)
    } finally {
      await fs.unlink(file).catch(() => {}) // gone already when it was renamed
    }
  }

  // Only to save the writing of bytes that are not wanted: the conditions are checked again when it counts.
  async function refuseEarly(target: Target, { ifAbsent, ifMatch }: PutOptions): Promise<void> {
    if (ifAbsent && (await statNamed(fs, target.path)) !== undefined) await refuseTaken(target)
    if (ifMatch !== undefined) await checkMatch(target, ifMatch)
  }

  async function place(file: string, target: Target, { ifAbsent, ifMatch, signal }: PutOptions): Promise<void> {
    stopIfAborted(signal)
    if (ifMatch === undefined && (await linkNew(file, target.path))) return
    if (ifAbsent) await refuseTaken(target)
    const replace = async () => {
      if (ifMatch !== undefined) await checkMatch(target, ifMatch)
      await fs.rename(file, target.path)
    }
    await lock.run(replace, { signal })
  }

  async function linkNew(file: string, path: string): Promise<boolean> {
    try {
      await fs.link(file, path)
      return true
    } catch (error) {
      if (systemCode(error) === 'EEXIST') return false
      throw error
    }
  }

  async function refuseTaken({ key, path }: Target): Promise<never> {
    // The caller now relies on the object, and the writer who was first may not have come as far as this.
    await syncFolder(fs, dirname(path))
    const there = await fs.lstat(path).catch(() => undefined)
    throw there?.isDirectory() ? isFolder(key) : alreadyThere(key)
  }

  async function checkMatch({ key, path }: Target, version: string): Promise<void> {
    const stat = await statOpened(fs, path)
    if (stat === undefined || infoOf(key, stat).version !== version) throw changedMeanwhile(key)
  }

  const remove: FolderWriter['remove'] = async (target, { ifMatch, signal }) => {
    stopIfAborted(signal)
    const unlink = async () => {
      if (ifMatch !== undefined) await checkMatch(target, ifMatch)
      if ((await statOpened(fs, target.path)) !== undefined) await fs.unlink(target.path)
    }
    await lock.run(unlink, { signal })
    await syncFolder(fs, dirname(target.path)) // the folder stays, as another writer may be about to use it
  }

  return { put, remove }
}

function isFolder(key: string): AetherError {
  return new AetherError('invalid', `Cannot write "${key}": keys that go on after it have made it a folder`)
}
