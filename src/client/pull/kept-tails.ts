// Tails of blocks in a target, so that the chunks of older versions can be told apart without their hub.
import { join } from 'node:path'
import { type BlockIndex, type BlockInfo, decodeTail } from '../../core/block.ts'
import { createTailFiles, type TailCache } from '../tail-cache.ts'
import type { TargetLayout } from './target-layout.ts'

/** @param write false in a dry run: nothing is put on disk. */
export function createKeptTails({ tails }: TargetLayout, write: boolean): TailCache {
  const files = createTailFiles(({ id }) => join(tails, id))
  return write ? files : { ...files, put: async () => {} }
}

/** The index of a block out of a kept tail; undefined when there is none. */
export async function keptIndex(tails: TailCache, block: BlockInfo): Promise<BlockIndex | undefined> {
  const tail = await tails.get(block)
  return tail && decodeTail(tail, block.size)
}
