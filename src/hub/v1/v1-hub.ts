// What the v1 API asks of a hub: datasets as files and equal cuts of their joined bytes. docs/format.md, section 11.
import type { CallOptions } from '../../core/dataset.ts'
import type { DatasetName, TagName } from '../../core/names.ts'
import type { Caller } from '../hub.ts'

export interface V1File {
  path: string
  /** Bytes. */
  size: number
  modifiedMicros: number
}

/** The files' bytes, joined in this order and cut every `blockSize` bytes, are the blocks. */
export interface V1Dataset {
  files: V1File[]
  blockSize: number
  /** Names of the blocks, in order: signatures, or names of the hub's own. */
  blocks: string[]
}

export interface V1Tag {
  dataset: DatasetName
  tag: TagName
}

export interface OpenBlock {
  /** Bytes. */
  size: number
  /** False for an uploaded block that is not kept for much longer: it may be read, and should be uploaded anew. */
  stays: boolean
  /** Nobody else has the buffers that its bytes are read into. */
  owned: boolean
  /** The bytes of a range that lies within the block, all checked, in pieces that stay as they are. */
  read(offset: number, length: number, signal?: AbortSignal): AsyncIterable<Uint8Array>
}

/** What an upload says of itself beforehand. */
export interface Announced {
  signature?: string
  size?: number
}

export interface V1Hub {
  /** A block that the caller has uploaded, or a cut of a snapshot that they may pull. @throws {AetherError} `not-found` */
  openBlock(caller: Caller, name: string, options?: CallOptions): Promise<OpenBlock>
  /**
   * Keeps a block for a publish of this caller, for a day. A piece of `body` is not looked at any more once the next was asked for.
   * @returns its signature
   * @throws {AetherError} `conflict` when it is there; `integrity` when it is not as announced; `too-large`, also when the
   *   caller has too much under way; `unavailable`
   */
  stageBlock(
    caller: Caller,
    body: AsyncIterable<Uint8Array>,
    announced: Announced,
    options?: CallOptions,
  ): Promise<string>
  /** What a tag points to. @throws {AetherError} `too-large` when it would take more than `maxBytes` to tell */
  describe(caller: Caller, tag: V1Tag, options: CallOptions & { maxBytes: number }): Promise<V1Dataset>
  /**
   * Makes a snapshot of the files and points tags to it, as any other push does.
   * @throws {AetherError} `not-found` for a block that is not there; `invalid`; `conflict`; `partial` when some datasets have it
   */
  publish(caller: Caller, dataset: V1Dataset, tags: readonly V1Tag[], options?: CallOptions): Promise<void>
}
