// Tails of blocks in a target, one file for each block, so that the chunks of older versions can be told apart without
// their hub. They are checked whenever they are read, so a half-written one is as good as none.
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type BlockIndex, type BlockInfo, decodeTail } from '../../core/block.ts'
import { sha256Hex } from '../../core/id.ts'
import type { TailCache } from '../remote-reader.ts'
import type { TargetLayout } from './target-layout.ts'

/** @param write false in a dry run: nothing is put on disk. */
export function createKeptTails({ tails }: TargetLayout, write: boolean): TailCache {
  async function get(block: BlockInfo): Promise<Uint8Array | undefined> {
    const tail = await readFile(join(tails, block.id)).catch(() => undefined) // not there: it is fetched
    return tail && sha256Hex(tail) === block.tailHash ? tail : undefined
  }

  async function put(block: BlockInfo, tail: Uint8Array): Promise<void> {
    if (!write) return
    const path = join(tails, block.id)
    try {
      await writeFile(path, tail)
    } catch {
      // A tail that is not kept costs a request some day, and nothing else.
      await rm(path, { force: true }).catch(() => {})
    }
  }

  return { get, put }
}

/** The index of a block out of a kept tail; undefined when there is none. */
export async function keptIndex(tails: TailCache, block: BlockInfo): Promise<BlockIndex | undefined> {
  const tail = await tails.get(block)
  return tail && decodeTail(tail, block.size)
}
