// What a hub does, as every protocol sees it. The rules behind each call: design notes in docs/architecture.md.
import type { BlockInfo } from '../core/block.ts'
import type {
  CallOptions,
  Expected,
  LogEntry,
  Page,
  PageOptions,
  PublishRequest,
  PublishResult,
  SnapshotSummary,
  TagInfo,
  TagResult,
  TimedEntry,
} from '../core/dataset.ts'
import type { BlockId, Digest } from '../core/id.ts'
import type { DatasetName, TagName } from '../core/names.ts'
import type { OpenedSnapshot } from '../dataset/tree/tree-source.ts'
import type { ByteRange } from '../storage/storage.ts'

export type * from '../core/dataset.ts'

/** On whose behalf a call is made. Protocols find out who it is; the hub decides what they may do. */
export interface Caller {
  /** "anonymous", or a user or robot once authentication is configured. */
  subject: string
}

export const ANONYMOUS: Caller = { subject: 'anonymous' }

export interface BlockPart {
  /** Bytes of the whole block. */
  size: number
  /** The part that was asked for. */
  bytes: Uint8Array
}

export interface ReadDeltaOptions extends CallOptions {
  /** Whether one that is not stored is made. @default true */
  make?: boolean
  /** Whether a stored one has to be checked before, because the caller has got damaged bytes. @default false */
  suspect?: boolean
}

export interface Delta {
  /** Undefined while it is being made. `sum` is its checksum, in hex digits, and names its bytes. */
  stored: { size: number; sum: string } | undefined
  /**
   * To be called once; what it gives has to be read. Only of a stored delta a range can be had. When something goes wrong on
   * the way the iteration throws, and the whole never comes to its end.
   */
  read(range?: ByteRange): AsyncIterable<Uint8Array>
}

/** A block into which the hub has put chunks of a delta that it took in. */
export interface TakenBlock {
  info: BlockInfo
  /** Its index and footer. */
  tail: Uint8Array
  /** For `publish`. */
  receipt: string
}

/**
 * The rules. All failures are AetherErrors. What is not there and what the caller may not know of are both `not-found`.
 */
export interface Hub {
  listDatasets(caller: Caller, options: PageOptions & { prefix?: string }): Promise<Page<DatasetName>>
  /** @throws {AetherError} `not-found` for a dataset without any tag. */
  listTags(caller: Caller, dataset: DatasetName, options: PageOptions): Promise<Page<TagInfo>>
  getTag(caller: Caller, dataset: DatasetName, tag: TagName, options?: CallOptions): Promise<TagInfo>
  /** @throws {AetherError} `conflict` when the tag is a version that points elsewhere, or is not where `expected` says; `detail.digest` is where it points. */
  moveTag(
    caller: Caller,
    dataset: DatasetName,
    tag: TagName,
    to: Digest,
    options: CallOptions & { expected?: Expected; reason?: string },
  ): Promise<TagResult>
  deleteTag(
    caller: Caller,
    dataset: DatasetName,
    tag: TagName,
    options: CallOptions & { expected?: Expected; reason?: string },
  ): Promise<void>
  rollBackTag(
    caller: Caller,
    dataset: DatasetName,
    tag: TagName,
    options: CallOptions & { reason?: string },
  ): Promise<TagResult>
  /** Newest first. */
  listLog(caller: Caller, dataset: DatasetName, options: PageOptions & { tag?: TagName }): Promise<Page<LogEntry>>
  getSnapshot(caller: Caller, dataset: DatasetName, digest: Digest, options?: CallOptions): Promise<SnapshotSummary>
  listEntries(
    caller: Caller,
    dataset: DatasetName,
    digest: Digest,
    options: PageOptions & { prefix?: string },
  ): Promise<Page<TimedEntry>>
  /** Record and listing, checked, for reading files. @throws {AetherError} `not-found` */
  openSnapshot(caller: Caller, dataset: DatasetName, digest: Digest, options?: CallOptions): Promise<OpenedSnapshot>
  /** The stored record, as docs/format.md section 6 says. */
  readRecord(caller: Caller, dataset: DatasetName, digest: Digest, options?: CallOptions): Promise<Uint8Array>
  /**
   * Bytes of a block that the snapshot reads from; without a range, all of it, checked against its id. A range is not
   * checked here: its reader checks frames and tails against the record.
   * @throws {AetherError} `not-found` when the snapshot does not use the block.
   */
  readBlock(
    caller: Caller,
    dataset: DatasetName,
    digest: Digest,
    block: BlockId,
    options?: CallOptions & { range?: ByteRange },
  ): Promise<BlockPart>
  /** Bytes of a block that the snapshot reads from. @throws {AetherError} `not-found` */
  blockSize(
    caller: Caller,
    dataset: DatasetName,
    digest: Digest,
    block: BlockId,
    options?: CallOptions,
  ): Promise<number>
  /**
   * The delta from one snapshot of the dataset to another: docs/format.md, section 10. One that is not stored is made.
   * @throws {AetherError} `not-found` when none is worth having; `unavailable` when too many are being made
   */
  readDelta(caller: Caller, dataset: DatasetName, from: Digest, to: Digest, options?: ReadDeltaOptions): Promise<Delta>
  /**
   * Takes in a delta of `size` bytes from a snapshot of the dataset to one that is yet to be published. All of it is
   * checked; what the blocks of the old snapshot do not have is put into new blocks.
   * @throws {AetherError} `not-found` without the old snapshot; `integrity` when the delta does not make the new one;
   *   `too-large`, also when it makes too much for its size; `unavailable`
   */
  takeDelta(
    caller: Caller,
    dataset: DatasetName,
    from: Digest,
    to: Digest,
    size: number,
    body: AsyncIterable<Uint8Array>,
    options?: CallOptions,
  ): Promise<TakenBlock[]>
  /**
   * Takes in a block of `size` bytes after checking all of it: its id, every frame, every chunk. `body` is not read
   * before there is room for it, so a slow hub slows its clients down instead of filling its memory. A piece of it is
   * not looked at any more once the next was asked for.
   * @returns a receipt for `publish`, good for this caller and dataset for a day.
   * @throws {AetherError} `integrity`, `too-large`, `invalid`
   */
  uploadBlock(
    caller: Caller,
    dataset: DatasetName,
    id: BlockId,
    size: number,
    body: AsyncIterable<Uint8Array>,
    options?: CallOptions,
  ): Promise<string>
  /** @throws {AetherError} `conflict` before anything is stored when a tag cannot move; `denied` for a block without receipt or base. */
  publish(caller: Caller, request: PublishRequest, options?: CallOptions): Promise<PublishResult>
  /** 32 bytes that every hub of the store makes of the same label, for doors that sign what clients bring back. */
  derivedSecret(label: string): Uint8Array
  /** Resolves when the store answers. @throws {AetherError} `unavailable` */
  ready(options?: CallOptions): Promise<void>
  /** Ends the workers. The storage stays open: who opened it closes it. */
  close(): Promise<void>
}
