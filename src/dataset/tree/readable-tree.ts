// The one read-only tree behind every door and mount: datasets and scopes, then tags, then files. Doors know this and no more.
//
//   /                      unscoped datasets, and a folder "@scope" for each scope
//   /@scope                the datasets of that scope
//   /name                  its tags, and "by-digest"
//   /name/latest           what the tag points to now
//   /name/by-digest/sha256:…   a snapshot without a tag
//
// A tag is followed each time that something is looked up below it. What was found there stays on its version.
import type { CallOptions, TagInfo } from '../../core/dataset.ts'
import type { Digest, FileHash } from '../../core/id.ts'
import type { DatasetName, TagName } from '../../core/names.ts'

/** Folder of the snapshots of a dataset by their digests. */
export const BY_DIGEST = 'by-digest'

/** Where a node stands: enough to find it again, in another process too. Plain data. */
export type Place =
  | { level: 'root' }
  /** With the "@". */
  | { level: 'scope'; scope: string }
  | { level: 'dataset'; dataset: DatasetName }
  | { level: 'digests'; dataset: DatasetName }
  /** A folder that shows the snapshot that the tag points to at the moment. */
  | { level: 'tag'; dataset: DatasetName; tag: TagName }
  | SnapshotPlace

/**
 * A file, link or folder of a snapshot, which never changes: the entry `index` of its listing (in byte order of paths), or the
 * folder that the first `depth` parts of that entry's path name. The root of a snapshot is 0, 0.
 */
export interface SnapshotPlace {
  level: 'snapshot'
  dataset: DatasetName
  digest: Digest
  index: number
  depth: number
}

interface Common {
  /** Last part of the path; empty for the root. */
  name: string
  /**
   * Microseconds since 1970. Of a folder in a snapshot: when the snapshot was made. Of a tag: when it moved last. 0 where nobody
   * knows: of datasets and scopes.
   */
  modifiedMicros: number
}

export interface TreeFolder extends Common {
  kind: 'folder'
  place: Place
  /** The snapshot that is shown below it; undefined above tags. */
  digest: Digest | undefined
}

export interface TreeFile extends Common {
  kind: 'file'
  place: SnapshotPlace
  /** Bytes. */
  size: number
  executable: boolean
  hash: FileHash
}

export interface TreeLink extends Common {
  kind: 'link'
  place: SnapshotPlace
  /** Relative, and never above the root of the snapshot. */
  target: string
}

export type TreeNode = TreeFolder | TreeFile | TreeLink

/** A node in a list. */
export interface ListedNode {
  node: TreeNode
  /**
   * For `after`: goes on behind this node. Above snapshots, the node's name. In a snapshot, a decimal number that never changes:
   * the `index` of the place of the node that it goes on with.
   */
  token: string
}

export interface NodePage {
  items: ListedNode[]
  /** False when something comes behind the last item. */
  isLast: boolean
}

export interface ListOptions extends CallOptions {
  /** Token of the last node that the caller has. @default from the first one on */
  after?: string
  /** Nodes at most. */
  limit: number
}

export interface ReadOptions extends CallOptions {
  /**
   * For who reads much and is done with pieces soon: gets, for each piece, what gives it back, so that its buffer is used
   * again. After that, and not before, its bytes may change. One that is not given back stays as it is.
   */
  lent?: (giveBack: () => void) => void
}

/**
 * What one caller may see. All failures are AetherErrors; what is not there and what the caller may not know of are both
 * `not-found`. Many trees may share one cache of contents.
 */
export interface ReadableTree {
  /** @param path decoded parts; a dataset in a scope takes two. None for the root. @throws {AetherError} `not-found`, `invalid` */
  find(path: readonly string[], options?: CallOptions): Promise<TreeNode>
  /** The node at a place that was given before, as it is now. @throws {AetherError} `not-found` when it is no more */
  at(place: Place, options?: CallOptions): Promise<TreeNode>
  /** A node of a folder by its name; ".." and "." are none. @throws {AetherError} `not-found` */
  child(folder: Place, name: string, options?: CallOptions): Promise<TreeNode>
  /**
   * Nodes of a folder, in an order that stays. A tag may move between two pages: whoever takes several lists the folder that
   * `fixed` gives.
   * @throws {AetherError} `not-found`; `invalid` for a token that is none
   */
  list(folder: Place, options: ListOptions): Promise<NodePage>
  /**
   * Bytes of a file, at most `length` from `offset`, fewer at its end, in pieces of up to 256 KiB that stay as they are.
   * Every byte was checked. Reads that follow each other are read ahead.
   * @throws {AetherError} `integrity` when bytes are not what they should be, in the store too; `unavailable`
   */
  read(file: SnapshotPlace, range: { offset: number; length: number }, options?: ReadOptions): AsyncIterable<Uint8Array>
  /** Where a tag points now, and then each time it moves. @throws {AetherError} `not-found` when it is gone */
  watch(place: { dataset: DatasetName; tag: TagName }, options?: CallOptions): AsyncIterable<TagInfo>
  /** Undefined when this tree keeps no whole files on this machine. */
  whole?: WholeFiles
}

/** A file of this machine, open for reading. */
export interface OpenedFile {
  /** Its descriptor. */
  fd: number
  close(): void
}

/** Files of snapshots as files of this machine, for doors that can hand on an open file in the place of its bytes. */
export interface WholeFiles {
  /**
   * A file with the bytes of this one, all of which this process has checked, open for reading; undefined when there is none.
   * The caller closes it. The first time it takes as long as hashing it does.
   */
  open(file: SnapshotPlace, options?: CallOptions): Promise<OpenedFile | undefined>
  /** Makes one, of what is cached and what has to be fetched, unless it is there. @returns false when it is too large */
  keep(file: SnapshotPlace, options?: CallOptions): Promise<boolean>
}

/** A folder of one version, in the place of a tag's folder, which may show another one the next time. */
export function fixed({ place, digest }: TreeFolder): Place {
  if (place.level !== 'tag' || digest === undefined) return place
  return { level: 'snapshot', dataset: place.dataset, digest, index: 0, depth: 0 }
}
