// Where a tree takes the bytes of files from: checked, and kept for all who read.
import type { CallOptions } from '../../core/dataset.ts'
import type { FileHash } from '../../core/id.ts'
import type { SnapshotRecord } from '../../core/record.ts'
import { createBlockReader, createIndexCache, type FetchBlock } from '../block-reader.ts'
import { readRange } from '../snapshot-reader.ts'
import type { OpenedFile, ReadOptions } from './readable-tree.ts'

export interface ByteSpan {
  /** First byte. */
  offset: number
  length: number
}

export interface TreeContents {
  /**
   * Bytes of a file in pieces that stay as they are. `range` lies within the file; `file` is where that lies in the content.
   * @param fetch gives bytes of the record's blocks, on behalf of the caller
   * @throws {AetherError} `integrity`, and what `fetch` throws
   */
  read(
    record: SnapshotRecord,
    file: ByteSpan,
    range: ByteSpan,
    fetch: FetchBlock,
    options?: ReadOptions,
  ): AsyncIterable<Uint8Array>
  /** Undefined when no whole files are kept. */
  whole?: WholeContents
}

/** As `WholeFiles`, of a file that lies at `file` in the content of a snapshot and has this hash. */
export interface WholeContents {
  open(record: SnapshotRecord, file: ByteSpan, hash: FileHash, fetch: FetchBlock): Promise<OpenedFile | undefined>
  keep(
    record: SnapshotRecord,
    file: ByteSpan,
    hash: FileHash,
    fetch: FetchBlock,
    options?: CallOptions,
  ): Promise<boolean>
}

/** Keeps nothing but the indexes of blocks. */
export function createPlainContents(): TreeContents {
  const indexes = createIndexCache()
  return {
    read(record, file, { offset, length }, fetch, { signal } = {}) {
      const range = { offset: file.offset + offset, length }
      return readRange(record, record.content.extents, range, createBlockReader(fetch, indexes), signal)
    },
  }
}
