// An older snapshot on this disk: whole files to link, and chunks that need not be fetched.
import type { BlockIndex, BlockInfo } from '../../core/block.ts'
import type { Entry } from '../../core/listing.ts'
import type { SnapshotRecord } from '../../core/record.ts'

export interface Seed {
  /** Folder with the files. */
  folder: string
  /** What is known of it; undefined when that is missing or damaged, then it is no seed. */
  load(): Promise<LoadedSeed | undefined>
}

export interface LoadedSeed {
  record: SnapshotRecord
  entries: readonly Entry[]
  /** 1 for each entry that was put on disk. */
  onDisk: Uint8Array
  /** Modification times that the files were left with, in microseconds. */
  diskMicros: ArrayLike<number>
  /** The times of the snapshot, packed, as far as they are known. */
  times: Uint8Array | undefined
  /** The index of one of its blocks, checked; undefined when it was not kept. */
  indexOf(block: BlockInfo): Promise<BlockIndex | undefined>
}
