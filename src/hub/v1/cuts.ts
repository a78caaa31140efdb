// Into which blocks a content is cut.
import type { SnapshotRecord } from '../../core/record.ts'

const MiB = 1024 * 1024
/** What v1 clients cut by when they are not told otherwise. */
const BLOCK_SIZE = 64 * MiB
/** Largest block size that fits into its field in the messages. */
export const MAX_BLOCK_SIZE = 2 ** 31 - 1
/** Blocks of a dataset at most. */
export const MAX_BLOCKS = 65_536
/** Label of a snapshot with the block size that it was pushed with. */
export const BLOCK_SIZE_LABEL = 'aetherfs.v1.block-size'

/** The size of the blocks in which v1 clients see a snapshot. */
export function blockSizeOf({ content, provenance }: SnapshotRecord): number {
  const label = provenance.labels[BLOCK_SIZE_LABEL] ?? ''
  const pushed = /^[1-9]\d{0,9}$/.test(label) ? Number(label) : BLOCK_SIZE // labels hold what users write
  const least = Math.ceil(content.length / MAX_BLOCKS)
  return Math.min(Math.max(pushed, least), MAX_BLOCK_SIZE)
}

export function blockCount(length: number, blockSize: number): number {
  return Math.ceil(length / blockSize)
}

/** Bytes of a block of a content of this length. */
export function sizeOfBlock(length: number, blockSize: number, index: number): number {
  return Math.min(blockSize, length - index * blockSize)
}
