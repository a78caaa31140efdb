// Small things that a tree has learned, as files of the cache folder: each with its own SHA-256 in front, since nothing else
// names its bytes, and it is written without a sync.
import { readFile, rm, stat, utimes } from 'node:fs/promises'
import { ID_BYTES, idToBytes, sha256Hex } from '../../core/id.ts'
import { createLruCache } from '../../dataset/lru-cache.ts'
import { createBoundedFolders } from '../../dataset/read-cache/bounded-folder.ts'

export interface KeptFiles {
  /** Undefined when it is not there, or not whole. */
  get(key: string): Promise<Uint8Array | undefined>
  /** What cannot be kept is missed some day when the hub is away, and else by nobody: that is no error. */
  put(key: string, bytes: Uint8Array): void
  drop(key: string): void
  /** Waits for what is being written. */
  close(): Promise<void>
}

/** When something was used is written down when this many milliseconds have passed. */
const USE_INTERVAL = 10 * 60 * 1000
/** Names of which it is remembered what was written. */
const NAMES = 16_384
/** In the place of a sum: it was dropped. */
const NOTHING = ''

export function createKeptFiles(root: string, maxBytes: number): KeptFiles {
  /** What this process has written last under each name: the same again is not worth a write. */
  const written = createLruCache<string, string>(NAMES, () => 1)
  let last: Promise<void> = Promise.resolve()
  const { kept: folder } = createBoundedFolders(root, ['kept'], maxBytes)

  async function get(key: string): Promise<Uint8Array | undefined> {
    const name = sha256Hex(key)
    if (written.get(name) === NOTHING) return undefined // it may be there still, for a moment
    const path = folder.pathOf(name)
    try {
      const file = await readFile(path)
      const bytes = file.subarray(ID_BYTES)
      if (!idToBytes(sha256Hex(bytes)).equals(file.subarray(0, ID_BYTES))) return undefined
      await noteUse(path)
      return bytes
    } catch {
      written.delete(name)
      return undefined
    }
  }

  function put(key: string, bytes: Uint8Array): void {
    const [name, sum] = [sha256Hex(key), sha256Hex(bytes)]
    if (written.get(name) === sum) return
    written.set(name, sum)
    next(() => folder.write(name, Buffer.concat([idToBytes(sum), bytes])))
  }

  function drop(key: string): void {
    const name = sha256Hex(key)
    written.set(name, NOTHING)
    next(() => rm(folder.pathOf(name), { force: true }))
  }

  /** One after the other, so that what was said last is what stays. */
  function next(work: () => Promise<void>): void {
    last = last.then(work).catch(() => {})
  }

  return { get, put, drop, close: () => last }
}

async function noteUse(path: string): Promise<void> {
  const now = Date.now()
  if (Math.abs(now - (await stat(path)).mtimeMs) > USE_INTERVAL) await utimes(path, now / 1000, now / 1000)
}
