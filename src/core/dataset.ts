// What hubs and clients tell each other of datasets. The same words on both sides; protocols carry them as messages.
import type { Digest } from './id.ts'
import type { Entry } from './listing.ts'
import type { DatasetName, TagName } from './names.ts'

export interface CallOptions {
  signal?: AbortSignal
}

export interface PageOptions extends CallOptions {
  /** Items after this one; what the page before gave as `next`. */
  after?: string
  /** Items at most. */
  limit: number
}

export interface Page<T> {
  items: T[]
  /** Undefined on the last page. */
  next: string | undefined
}

export interface TagInfo {
  name: TagName
  digest: Digest
  /** Written once (true) or a channel that moves (false). */
  version: boolean
  movedMicros: number
  movedBy: string
}

export type TagAction = 'push' | 'tag' | 'rollback' | 'delete'

export interface LogEntry {
  tag: TagName
  from: Digest | undefined
  to: Digest | undefined
  who: string
  whenMicros: number
  reason: string
  action: TagAction
}

export interface TagResult {
  tag: TagInfo
  /** Undefined for a new tag; equal to `tag.digest` when nothing moved. */
  previous: Digest | undefined
}

/** Where a tag must point for a move to happen: a digest, "none" (it must not be there), or undefined (anywhere). */
export type Expected = Digest | 'none' | undefined

export interface SnapshotSummary {
  digest: Digest
  /** Bytes in all files. */
  size: number
  files: number
  entries: number
  blocks: number
  /** Stored bytes of those blocks, which other snapshots may share. */
  storedSize: number
  creator: string
  createdMicros: number
  message: string
  labels: Record<string, string>
  /** Stored deltas into it and out of it, as far as the hub knows of them without looking for long. */
  deltas: DeltaInfo[]
}

/** A stored delta from one snapshot of the dataset to another. */
export interface DeltaInfo {
  from: Digest
  to: Digest
  /** Bytes. */
  size: number
}

export type TimedEntry = Entry & { modifiedMicros: number }

export interface PublishRequest {
  dataset: DatasetName
  /** An encoded record; creator and time in it are the hub's to write. */
  record: Uint8Array
  /** What `uploadBlock` answered to this caller for this dataset. */
  receipts: string[]
  /** Snapshots whose blocks the record uses too. */
  bases: { dataset: DatasetName; digest: Digest }[]
  tags: { tag: TagName; expected: Expected }[]
  reason: string
}

export interface PublishResult {
  digest: Digest
  /** The dataset had this snapshot already. */
  existed: boolean
  tags: TagResult[]
}
