// One hub, as the client sees it. transport/http-connection.ts is the real one; tests may put a hub behind it without a socket.
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
import type { ByteSource } from '../core/delta/byte-source.ts'
import type { BlockId, Digest } from '../core/id.ts'
import type { DatasetName, TagName } from '../core/names.ts'

/** The same calls as the hub's own interface, with the same errors; `unavailable` when the hub does not answer. */
export interface Connection {
  /** What the user calls it, one host or several of one store: caches go by this. */
  readonly hosts: string
  /** Host and port of the one that calls go to at present, for references. */
  readonly host: string
  listDatasets(options: PageOptions & { prefix?: string }): Promise<Page<DatasetName>>
  listTags(dataset: DatasetName, options: PageOptions): Promise<Page<TagInfo>>
  getTag(dataset: DatasetName, tag: TagName, options?: CallOptions): Promise<TagInfo>
  moveTag(
    dataset: DatasetName,
    tag: TagName,
    to: Digest,
    options?: CallOptions & { expected?: Expected; reason?: string },
  ): Promise<TagResult>
  deleteTag(
    dataset: DatasetName,
    tag: TagName,
    options?: CallOptions & { expected?: Expected; reason?: string },
  ): Promise<void>
  rollBackTag(dataset: DatasetName, tag: TagName, options?: CallOptions & { reason?: string }): Promise<TagResult>
  listLog(dataset: DatasetName, options: PageOptions & { tag?: TagName }): Promise<Page<LogEntry>>
  getSnapshot(dataset: DatasetName, digest: Digest, options?: CallOptions): Promise<SnapshotSummary>
  listEntries(
    dataset: DatasetName,
    digest: Digest,
    options: PageOptions & { prefix?: string },
  ): Promise<Page<TimedEntry>>
  /** The encoded record (docs/format.md, section 6). */
  readRecord(dataset: DatasetName, digest: Digest, options?: CallOptions): Promise<Uint8Array>
  /** `length` bytes of a block from `offset`, not checked; in `into`, if that is given and serves. @throws {AetherError} `integrity` when there are fewer. */
  readBlock(
    dataset: DatasetName,
    digest: Digest,
    block: BlockId,
    range: { offset: number; length: number },
    options?: CallOptions & { into?: Uint8Array },
  ): Promise<Uint8Array>
  /**
   * Bytes of the delta from one snapshot to another (docs/format.md, section 10) from `offset` on, `length` of them if there are
   * so many; all of it when the hub is still making it.
   * @throws {AetherError} `not-found` when there is none that is worth having
   */
  readDelta(
    dataset: DatasetName,
    to: Digest,
    from: Digest,
    range: { offset: number; length: number },
    options?: CallOptions,
  ): Promise<DeltaPart>
  /**
   * Sends a delta (docs/format.md, section 10), of which the hub makes the snapshot `to`.
   * @returns the blocks in which the hub has put what is new of it
   * @throws {AetherError} `not-found` when it does not know `from` or no deltas, `integrity` when the delta makes something else,
   *   `too-large`, `unavailable` when it cannot do that now
   */
  sendDelta(
    dataset: DatasetName,
    from: Digest,
    to: Digest,
    body: ByteSource,
    options?: CallOptions,
  ): Promise<TakenBlock[]>
  /** @returns the hub's receipt. */
  uploadBlock(dataset: DatasetName, id: BlockId, bytes: Uint8Array, options?: CallOptions): Promise<string>
  publish(request: PublishRequest, options?: CallOptions): Promise<PublishResult>
  close(): void
}

/** A block that the hub has made of a delta. */
export interface TakenBlock {
  info: BlockInfo
  tail: Uint8Array
  receipt: string
}

export interface DeltaPart {
  bytes: Uint8Array
  /** First byte in the delta. */
  offset: number
  /** Bytes of the whole delta; undefined while they are not known. */
  size: number | undefined
}
