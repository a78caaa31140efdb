// What the steps of one restore share.
import type { BlockIndex, BlockInfo } from '../../core/block.ts'
import { createFilePlan, FATE, type FilePlan, totalsOf } from './file-plan.ts'
import { createPace, type Pace } from './pace.ts'
import { createParentMaker } from './parent-folders.ts'
import type { RestoreOptions } from './restore.ts'
import type { Beginning } from './resume.ts'

export interface Work {
  options: RestoreOptions
  plan: FilePlan
  pace: Pace
  makeParents: (path: string) => void
  /** Good beginnings of large files, by their place. */
  beginnings: Map<number, Beginning>
  warn: (text: string) => void
  indexOf: (block: BlockInfo) => Promise<BlockIndex>
}

export function createWork(options: RestoreOptions): Work {
  const { listing, isWanted, signal, blocks } = options
  return {
    options,
    plan: createFilePlan(listing.entries, listing.micros, isWanted),
    pace: createPace(signal),
    makeParents: createParentMaker(options.root),
    beginnings: new Map(),
    warn: options.onWarning ?? (() => {}),
    indexOf: (block) => blocks.index(block, signal),
  }
}

/** Bytes of the good beginnings of files that are to be built. */
export function bytesBegun({ plan, beginnings }: Work): number {
  let bytes = 0
  for (const [file, { length }] of beginnings) if (plan.fate[file] === FATE.build) bytes += length
  return bytes
}

/** Bytes that are on this machine already, as far as whole files and beginnings of files go. */
export function reusedBytes(work: Work): number {
  const fates = [FATE.kept, FATE.linked, FATE.copy]
  return fates.reduce((sum, fate) => sum + totalsOf(work.plan, fate).bytes, bytesBegun(work))
}
