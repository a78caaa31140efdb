// The storage contract: a flat store of named byte strings. Everything that a hub knows lies in one of these.
// Keys are made by keys.ts. Every promise here is tested for each backend by storage-suite.ts.

/** What a backend can say of an object. */
export interface ObjectInfo {
  key: string
  /** Length in bytes. */
  size: number
  /**
   * When it was written by the store's clock, milliseconds since 1970; at least as coarse as a second. What `put` answers
   * may be a second off.
   */
  modified: number
  /**
   * Changes with every write of the object. Two objects of equal bytes may have equal versions (S3 tags are MD5), so
   * what is compared-and-swapped carries a nonce.
   */
  version: string
}

export interface StoredObject {
  info: ObjectInfo
  bytes: Uint8Array
}

export interface ByteRange {
  /** First byte, from 0. */
  offset: number
  /** At least 1. */
  length: number
}

export interface PutOptions {
  /** Write only when the key is free. */
  ifAbsent?: boolean
  /** Write only over the object of this version. */
  ifMatch?: string
  /** SHA-256 of the bytes in hex digits, from who knows it: a backend that needs it does not compute it again. */
  sha256?: string
  signal?: AbortSignal
}

export interface ListOptions {
  prefix: string
  /** Keys that go on after this character behind the prefix are folded into one entry of `prefixes`. */
  delimiter?: '/'
  /** Only keys (and folded prefixes) after this one in byte order. */
  startAfter?: string
  /** At most this many keys and prefixes together, 1 to 1000. @default 1000 */
  limit?: number
  signal?: AbortSignal
}

export interface ListPage {
  /** Keys in byte order. */
  objects: ObjectInfo[]
  /** Folded prefixes in byte order, each with the delimiter at its end. */
  prefixes: string[]
  /** Pass as `startAfter` for the next page; undefined on the last one. */
  next: string | undefined
}

/**
 * Where bytes rest. Failures are AetherErrors: `not-found`, `conflict` (a condition did not hold), `no-space`,
 * `denied` (the store does not let this hub), `too-large`, and `unavailable`: may be tried again. Of that, `detail.retryAfterMs`
 * says when the store wants to be asked again, and `detail.undone` = "true" that surely nothing was done; without it a
 * write may have been carried out.
 */
export interface Storage {
  /**
   * The whole object, or one range of it. A range that ends past the end gives what there is; one that begins at or
   * past the end gives no bytes.
   * @throws {AetherError} `not-found`
   */
  get(key: string, options?: { range?: ByteRange; signal?: AbortSignal }): Promise<StoredObject>
  /** Undefined when there is no such object. */
  head(key: string, options?: { signal?: AbortSignal }): Promise<ObjectInfo | undefined>
  /**
   * All or nothing: after a crash a reader finds the whole value or what was there before, and what was answered is on
   * stable storage. Conditions hold between processes: of several writers with the same condition exactly one wins.
   * @throws {AetherError} `conflict` when `ifAbsent` or `ifMatch` does not hold (also when there is no object to match).
   */
  put(key: string, bytes: Uint8Array, options?: PutOptions): Promise<ObjectInfo>
  /** One page in byte order of keys. What is written or deleted meanwhile may or may not be there; nothing else is left out or doubled. */
  list(options: ListOptions): Promise<ListPage>
  /**
   * Removes the object; one that is not there is no error, unless `ifMatch` is given.
   * @throws {AetherError} `conflict` when `ifMatch` does not hold.
   */
  delete(key: string, options?: { ifMatch?: string; signal?: AbortSignal }): Promise<void>
  /** Lets go of what the storage holds open. The storage is not used after this. */
  close(): Promise<void>
}

/** Longest key, in bytes of UTF-8. */
export const MAX_KEY_BYTES = 900
