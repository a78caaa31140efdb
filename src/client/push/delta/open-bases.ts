// The files of earlier pushes in a cache, for as long as one push works with them.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { makeFolders } from '../../../storage/make-folders.ts'
import type { PushOptions } from '../../client.ts'
import type { Bases } from './keep-base.ts'
import { basesFolder } from './kept-base.ts'

/** Apparent bytes of what is kept of all sources. */
const CACHE_SIZE = 10 * 1024 ** 3

/** Before the source is looked at: see `Bases.lock`. Where the cache cannot be written, there is no lock, and nothing is kept. */
export async function openBases(
  cacheFolder: string,
  { cacheSize = CACHE_SIZE, signal }: PushOptions,
): Promise<Bases & Disposable> {
  const folder = basesFolder(cacheFolder)
  const lock = cacheSize === 0 && !existsSync(folder) ? undefined : await share(folder, signal)
  return { cacheFolder, most: cacheSize, lock, [Symbol.dispose]: () => lock?.[Symbol.dispose]() }
}

async function share(folder: string, signal?: AbortSignal) {
  try {
    const [{ shareLock }] = [await import('../../../storage/shared-lock.ts'), await makeFolders(folder, 0o700)]
    return await shareLock(join(folder, 'lock'), signal)
  } catch {
    signal?.throwIfAborted()
    // a full or read-only disk: a push works without what it keeps
    return undefined
  }
}
