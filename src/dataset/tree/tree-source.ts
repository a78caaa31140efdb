// Where a tree comes from: the hub's own store, or a hub far away. Each source speaks for one caller.
import type { BlockInfo } from '../../core/block.ts'
import type { CallOptions, Page, PageOptions, TagInfo } from '../../core/dataset.ts'
import type { Digest } from '../../core/id.ts'
import type { DatasetName, TagName } from '../../core/names.ts'
import type { SnapshotRecord } from '../../core/record.ts'
import type { LoadedListing } from '../snapshot-reader.ts'

export interface OpenedSnapshot {
  record: SnapshotRecord
  /** Checked against the digest. The same object for the same snapshot, as long as it is kept. */
  listing: LoadedListing
}

export interface TreeSource {
  listDatasets(options: PageOptions & { prefix?: string }): Promise<Page<DatasetName>>
  /** @throws {AetherError} `not-found` for a dataset without any tag. */
  listTags(dataset: DatasetName, options: PageOptions): Promise<Page<TagInfo>>
  /** @throws {AetherError} `not-found` */
  getTag(dataset: DatasetName, tag: TagName, options?: CallOptions): Promise<TagInfo>
  /** Also says that the caller may read it. @throws {AetherError} `not-found` */
  openSnapshot(dataset: DatasetName, digest: Digest, options?: CallOptions): Promise<OpenedSnapshot>
  /** Bytes of a block that the snapshot reads from, not checked. */
  fetchBlock(
    dataset: DatasetName,
    digest: Digest,
    block: BlockInfo,
    range: { offset: number; length: number },
    options?: CallOptions,
  ): Promise<Uint8Array>
}
