// Tails of blocks, one file for each block. They are checked whenever they are read, so one that is half written is as good
// as none: they are written in place, and who is killed leaves nothing else behind.
import { readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { BlockInfo } from '../core/block.ts'
import { sha256Hex } from '../core/id.ts'
import { makeFolders } from '../storage/make-folders.ts'

export interface TailCache {
  /** Undefined when it is not there or not what the record names. */
  get(block: BlockInfo): Promise<Uint8Array | undefined>
  /** A tail that cannot be kept costs a request some day, and nothing else: that is no error. */
  put(block: BlockInfo, tail: Uint8Array): Promise<void>
}

export function createTailFiles(pathOf: (block: BlockInfo) => string): TailCache {
  async function get(block: BlockInfo): Promise<Uint8Array | undefined> {
    const tail = await readFile(pathOf(block)).catch(() => undefined) // not there: it is fetched
    return tail && sha256Hex(tail) === block.tailHash ? tail : undefined
  }

  async function put(block: BlockInfo, tail: Uint8Array): Promise<void> {
    const path = pathOf(block)
    try {
      await makeFolders(dirname(path), 0o700)
      await writeFile(path, tail)
    } catch {
      await rm(path, { force: true }).catch(() => {})
    }
  }

  return { get, put }
}

/** @param folder the client's cache folder */
export function createTailCache(folder: string): TailCache {
  return createTailFiles(({ id }) => join(folder, 'tails', id.slice(0, 2), id))
}
