// The public library: `import { connect } from 'aetherfs'`. What the command line and the agent are built on.
import type { CallOptions, LogEntry, SnapshotSummary, TagInfo, TagResult, TimedEntry } from '../core/dataset.ts'
import type { Digest } from '../core/id.ts'
import type { Entry } from '../core/listing.ts'
import type { DatasetName, TagName } from '../core/names.ts'
import type { ReadCounts } from '../dataset/read-cache/read-counts.ts'
import type { ReadableTree } from '../dataset/tree/readable-tree.ts'
import type { OnProgress } from './progress.ts'
import type { PullResult } from './pull/pull.ts'

export interface ConnectOptions {
  /**
   * Hub for references that name none: host and port, for example "localhost:8080" or "[::1]:8080". Several hubs of one
   * store are separated by commas: when one fails, the next one is used. @default "localhost:8080"
   */
  host?: string
  /** Speak HTTP without TLS to hosts other than this machine too. Loopback hosts are always spoken to without TLS. @default false */
  plainHttp?: boolean
  /** Certificates (PEM) to trust besides those that Node brings. */
  ca?: string
  /** How long a hub that has answered before is tried again without any success, in milliseconds; 0 means one try. @default 30_000 */
  retryForMs?: number
  /** Bytes a second at most, in both directions and of all connections together; at least 32 KiB. @default no limit */
  bytesPerSecond?: number
  /** Told why a hub is tried again, or another one is used. */
  onWarning?: (text: string) => void
  /** Folder for what may be lost at any time: stat caches, journals of interrupted pushes, block indexes. @default $XDG_CACHE_HOME/aetherfs */
  cacheFolder?: string
}

/** A reference whose tag was looked up. */
export interface Resolved {
  /** Host and port. */
  host: string
  dataset: DatasetName
  /** Undefined when the reference named a digest alone. */
  tag: TagName | undefined
  digest: Digest
}

export interface PushOptions extends CallOptions {
  /** What the new snapshot is, for people. */
  message?: string
  labels?: Record<string, string>
  /** References whose blocks may be used again, besides the present targets of the tags and the newest tag of the dataset. */
  bases?: string[]
  /** Patterns in .gitignore syntax; when there are any, only what they match is pushed. */
  include?: string[]
  exclude?: string[]
  /** Leave out sockets, devices, pipes and links that leave the folder instead of refusing the push. */
  skipSpecial?: boolean
  /** Find out what would be sent, and send nothing. */
  dryRun?: boolean
  /**
   * Bytes of the files of pushed folders that are kept in the cache folder, so that the next push may send what changed in them:
   * by hard links, or clones where the file system makes them. 0 keeps none. @default 10 GiB
   */
  cacheSize?: number
  /** Uploads under way at once, each with up to 20 MiB in memory. @default 2 */
  concurrency?: number
  /** Whether a delta from a base may be sent in the place of chunks. @default true */
  deltas?: boolean
  onProgress?: OnProgress
}

/** What a push did for one dataset on one hub. */
export interface PushResult {
  host: string
  dataset: DatasetName
  digest: Digest
  /** One for each tag, in the order given. In a dry run, empty. */
  tags: TagResult[]
  files: number
  /** Bytes in all files. */
  bytes: number
  /** Plain bytes that the bases did not have. */
  newBytes: number
  /** Bytes of blocks and deltas sent to the hub; in a dry run, an estimate from compressing what is new. */
  sentBytes: number
  /** Bytes of these that were a delta from what the source was pushed as before; 0 when chunks were sent. */
  deltaBytes: number
  /** Blocks sent. */
  blocks: number
  /** Bytes of files that were not read, because they did not change since the last push. */
  unreadBytes: number
  /** The hub had this snapshot already. */
  existed: boolean
  /** What was left out because of `skipSpecial`. */
  skipped: { path: string; reason: string }[]
  /** What the user should know though the push is through: an empty source, words that were not taken, caches that could not be written. */
  warnings: string[]
  dryRun: boolean
}

export interface PullOptions extends CallOptions {
  /** Write one dataset as a plain folder here instead of the linked layout. The folder must be absent or empty. */
  output?: string
  /** Patterns in .gitignore syntax. */
  include?: string[]
  exclude?: string[]
  dryRun?: boolean
  /** Older versions to keep in the target besides the present one. @default 1 */
  keep?: number
  /** Unwanted bytes between two wanted ranges that are fetched along rather than asked around, at most. @default 256 KiB */
  gap?: number
  /** Whether a delta from an older version may be taken in the place of chunks. @default true */
  deltas?: boolean
  onProgress?: OnProgress
}

export interface Difference {
  path: string
  change: 'added' | 'removed' | 'changed'
  before: Entry | undefined
  after: Entry | undefined
}

/** What of an update is moved for a file. */
export interface MovedBytes {
  /** Bytes of the file that lie in chunks which the snapshot before does not have. */
  changed: number
  /** Stored bytes that hold these chunks: what an update by chunks moves. */
  chunks: number
  /** Bytes of the delta, which an update by delta moves; undefined when the hub has none. */
  delta: number | undefined
}

export interface DiffBytes {
  differences: (Difference & { moved: MovedBytes })[]
  /** Of the listing, of times, and what is of no single file. */
  rest: MovedBytes
  total: MovedBytes
}

/** One snapshot, opened for reading. It stays the same when its tag moves. */
export interface OpenSnapshot extends Resolved {
  /** Entries in byte order of their paths. */
  readonly entries: readonly TimedEntry[]
  /** @throws {AetherError} `not-found` */
  file(path: string): OpenFile
}

export interface OpenFile {
  path: string
  /** Bytes. */
  size: number
  /** SHA-256, 64 hex digits. */
  hash: string
  /** Up to `length` bytes from `offset`, fewer at the end of the file; every byte checked. @throws {AetherError} `integrity` */
  read(offset: number, length: number, options?: CallOptions): Promise<Uint8Array>
  /** The bytes from `offset` to the end (or `length` of them), in pieces, every byte checked. */
  stream(options?: CallOptions & { offset?: number; length?: number }): AsyncIterable<Uint8Array>
}

export interface TreeOptions {
  /** @default the host that references without one mean */
  host?: string
  /** Bytes of what was read that are kept in the cache folder, for all hubs and programs together. @default 10 GiB */
  cacheSize?: number
  /** Bytes of it that are kept in memory. @default 64 MiB */
  memoryBytes?: number
  /** Whether what the hub said last is shown while it is away. What was read of files before can be read again anyway. @default false */
  offlineOk?: boolean
  /** Milliseconds between two looks at a tag that is watched. @default 2000 */
  watchInterval?: number
}

/** Datasets, tags and files of a hub, for reading in place. */
export interface OpenTree extends ReadableTree {
  /** What was found in its caches, and what was not. */
  readonly counts: Readonly<ReadCounts>
  /** Waits for what is being written to the cache folder. The client stays open. */
  close(): Promise<void>
}

/** Everything that can be done with datasets on hubs. References are text: [host/][@scope/]name[:tag][@sha256:digest]. */
export interface Client {
  resolve(reference: string, options?: CallOptions): Promise<Resolved>
  datasets(options?: CallOptions & { host?: string; prefix?: string }): AsyncIterable<DatasetName>
  /** Tags of a dataset; the tag in the reference is not looked at. */
  tags(reference: string, options?: CallOptions): AsyncIterable<TagInfo>
  snapshot(reference: string, options?: CallOptions): Promise<Resolved & { summary: SnapshotSummary }>
  open(reference: string, options?: CallOptions): Promise<OpenSnapshot>
  /** All of a hub as a tree, with a cache in the cache folder. */
  tree(options?: TreeOptions): Promise<OpenTree>
  /** What differs between two snapshots, in byte order of paths. They may be of different datasets and hubs. */
  diff(before: string, after: string, options?: CallOptions): AsyncIterable<Difference>
  /**
   * What differs, and what has to be moved for it. Reads the indexes of all blocks of both snapshots, and the delta between
   * them, if they are of one dataset.
   */
  diffBytes(before: string, after: string, options?: CallOptions): Promise<DiffBytes>
  /** Moves of a dataset's tags, newest first; of one tag when the reference names one. */
  log(reference: string, options?: CallOptions): AsyncIterable<LogEntry>
  /** Points the tag of `to` to what `from` points to. Both name the same dataset. */
  tag(
    from: string,
    to: string,
    options?: CallOptions & { reason?: string; expected?: Digest | 'none' },
  ): Promise<TagResult>
  /** Points a channel back to where it pointed before. */
  rollBack(reference: string, options?: CallOptions & { reason?: string }): Promise<TagResult>
  /** Removes a tag. The reference must name one. */
  deleteTag(reference: string, options?: CallOptions & { reason?: string }): Promise<void>
  /** Pushes a folder, an archive or a file under one or more references, each with a tag; one result for each dataset and hub. */
  push(source: string, references: string[], options?: PushOptions): Promise<PushResult[]>
  /** Pulls one or more references into a folder; one result each. */
  pull(target: string, references: string[], options?: PullOptions): Promise<PullResult[]>
  /** Where a tag points now, and then each time it moves. Polls. @param options.intervalMs milliseconds between looks. Default 2000. */
  watch(reference: string, options?: CallOptions & { intervalMs?: number }): AsyncIterable<TagInfo>
  close(): void
}
