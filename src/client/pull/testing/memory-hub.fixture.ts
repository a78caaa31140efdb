// A hub in memory for the tests of pulls: snapshots from trees in memory, requests that are counted, and bytes that can
// be made wrong on the way. The real ways to push and to serve are tested elsewhere.
import type { BlockInfo, BuiltBlock } from '../../../core/block.ts'
import { createChunker } from '../../../core/chunker.ts'
import type { TagInfo } from '../../../core/dataset.ts'
import { AetherError } from '../../../core/errors.ts'
import { createExtentsBuilder, type Extents } from '../../../core/extents.ts'
import { type BlockId, type ChunkId, type Digest, type FileHash, sha256Hex } from '../../../core/id.ts'
import { type Entry, encodeListing, listingDigest } from '../../../core/listing.ts'
import type { DatasetName, TagName } from '../../../core/names.ts'
import { compareBytes } from '../../../core/path.ts'
import { blockStream, encodeRecord, inlineStream, MAX_INLINE, type StoredStream } from '../../../core/record.ts'
import { parseReference } from '../../../core/reference.ts'
import { segmentsOf } from '../../../core/segments.ts'
import { encodeTimes } from '../../../core/times.ts'
import { createPacker, type Location } from '../../../dataset/packer.ts'
import type { Connection } from '../../connection.ts'
import { deltaBetween } from './tree-delta.fixture.ts'

export type TreeEntry =
  | { kind: 'file'; bytes: Uint8Array; executable?: boolean; micros?: number }
  | { kind: 'folder'; micros?: number }
  | { kind: 'link'; target: string; micros?: number }

/** Entries by path. */
export type Tree = Record<string, TreeEntry>

/** One request for a part of a block. */
export interface BlockRequest {
  block: BlockId
  offset: number
  length: number
}

export interface MemoryHub {
  connection: Connection
  /** Stores a tree and points the tag of the reference to it. Chunks that the hub has are not stored again. */
  publish(reference: string, tree: Tree): Promise<Digest>
  /** Every request for a part of a block so far. */
  requests: BlockRequest[]
  /** Looks at answers before they are sent, and may change or refuse them. */
  onBlock: (request: BlockRequest, bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>
  onRecord: (bytes: Uint8Array) => Uint8Array
  /** Whether it has deltas. @default false */
  offersDeltas: boolean
  /** Looks at deltas before they are sent, and may change or refuse them. */
  onDelta: (bytes: Uint8Array) => Uint8Array
  /** Blocks that are stored, with all that a record says of them. */
  blocks: Map<BlockId, { info: BlockInfo; bytes: Uint8Array }>
}

/** The time that entries without one have: each path another. */
export function microsOf(path: string, entry: TreeEntry): number {
  return entry.micros ?? 1_600_000_000_000_000 + Number.parseInt(sha256Hex(path).slice(0, 8), 16) * 1001
}

export function createMemoryHub(): MemoryHub {
  const blocks: MemoryHub['blocks'] = new Map()
  const records = new Map<Digest, Uint8Array>()
  const tags = new Map<string, Digest>()
  const store = createChunkStore(blocks)
  const trees = new Map<Digest, Tree>()

  async function publish(text: string, tree: Tree): Promise<Digest> {
    const { dataset, tag } = parseReference(text)
    const { digest, record } = await buildRecord(tree, store)
    records.set(digest, record)
    trees.set(digest, tree)
    tags.set(`${dataset}:${tag}`, digest)
    return digest
  }

  const hub: MemoryHub = {
    publish,
    blocks,
    requests: [],
    onBlock: (_, bytes) => bytes,
    onRecord: (bytes) => bytes,
    offersDeltas: false,
    onDelta: (bytes) => bytes,
    connection: undefined as unknown as Connection,
  }
  hub.connection = createMemoryConnection(hub, { tags, records, trees })
  return hub
}

interface Stored {
  trees: Map<Digest, Tree>
  tags: Map<string, Digest>
  records: Map<Digest, Uint8Array>
}

function createMemoryConnection(hub: MemoryHub, { tags, records, trees }: Stored): Connection {
  async function getTag(dataset: DatasetName, tag: TagName): Promise<TagInfo> {
    const digest = tags.get(`${dataset}:${tag}`)
    if (!digest) throw new AetherError('not-found', `No tag "${tag}"`)
    return { name: tag, digest, version: false, movedMicros: 0, movedBy: 'test' }
  }

  async function readRecord(_: DatasetName, digest: Digest): Promise<Uint8Array> {
    const bytes = records.get(digest)
    if (!bytes) throw new AetherError('not-found', `No snapshot "${digest}"`)
    return hub.onRecord(bytes)
  }

  const readBlock: Connection['readBlock'] = async (_, __, block, { offset, length }, { signal } = {}) => {
    signal?.throwIfAborted()
    const request = { block, offset, length }
    hub.requests.push(request)
    const bytes = hub.blocks.get(block)!.bytes.slice(offset, offset + length)
    return await hub.onBlock(request, bytes)
  }

  const readDelta: Connection['readDelta'] = async (_, to, from, { offset, length }) => {
    const [old, fresh] = [trees.get(from), trees.get(to)]
    if (!hub.offersDeltas || !old || !fresh) throw new AetherError('not-found', 'No delta')
    const bytes = hub.onDelta(await deltaBetween(old, fresh))
    return { bytes: bytes.subarray(offset, offset + length), offset, size: bytes.length }
  }

  const offered: Partial<Connection> = {
    host: 'memory.test',
    getTag,
    readRecord,
    readBlock,
    readDelta,
    close: () => {},
  }
  return offered as Connection
}

interface ChunkStore {
  /** Stores what is new of a run of bytes that is chunked by itself; answers the ids of its chunks and their lengths. */
  add(bytes: Uint8Array): Promise<{ id: ChunkId; length: number }[]>
  finish(): Promise<void>
  locate(id: ChunkId): { block: BlockInfo; chunk: number }
}

function createChunkStore(blocks: MemoryHub['blocks']): ChunkStore {
  const known = new Map<ChunkId, Location>()
  const deliver = async ({ info, bytes }: BuiltBlock) =>
    void blocks.set(info.id, { info, bytes: Uint8Array.from(bytes) })
  let packer = createPacker(deliver)
  let added: ChunkId[] = []

  async function add(bytes: Uint8Array) {
    const chunker = createChunker()
    const chunks: { id: ChunkId; length: number }[] = []
    for (let at = 0; at < bytes.length; ) {
      const cut = chunker.nextCut(bytes.subarray(at))
      const chunk = bytes.subarray(at, cut < 0 ? bytes.length : at + cut)
      const id = sha256Hex(chunk) as ChunkId
      chunks.push({ id, length: chunk.length })
      if (!known.has(id) && !packer.has(id)) {
        await packer.add(id, chunk)
        added.push(id)
      }
      at += chunk.length
    }
    return chunks
  }

  async function finish(): Promise<void> {
    await packer.finish()
    for (const id of added) known.set(id, packer.location(id)!)
    packer = createPacker(deliver)
    added = []
  }

  function locate(id: ChunkId) {
    const { block, chunk } = known.get(id)!
    return { block: block.info!, chunk }
  }

  return { add, finish, locate }
}

async function buildRecord(tree: Tree, store: ChunkStore): Promise<{ digest: Digest; record: Uint8Array }> {
  const paths = Object.keys(tree).sort(compareBytes)
  const entries = paths.map((path) => entryOf(path, tree[path]!))
  const text = encodeListing(entries)
  const times = encodeTimes(paths.map((path) => microsOf(path, tree[path]!)))
  const content = await addContent(paths, tree, store)
  const textChunks = text.length > MAX_INLINE ? await store.add(text) : undefined
  const timeChunks = times.length > MAX_INLINE ? await store.add(times) : undefined
  await store.finish()
  const table = new Map<BlockInfo, number>()
  const digest = listingDigest(text)
  const record = encodeRecord({
    digest,
    content: blockStream(extentsOf(content, store, table)),
    listing: streamOf(text, textChunks, store, table),
    times: streamOf(times, timeChunks, store, table),
    blocks: [...table.keys()],
    provenance: { creator: 'test', createdMicros: 0, message: '', labels: {} },
  })
  return { digest, record }
}

export function entryOf(path: string, entry: TreeEntry): Entry {
  if (entry.kind !== 'file') return { ...entry, path }
  const { bytes, executable = false } = entry
  return { kind: 'file', path, executable, size: bytes.length, hash: sha256Hex(bytes) as FileHash }
}

type Chunks = { id: ChunkId; length: number }[]

async function addContent(paths: string[], tree: Tree, store: ChunkStore): Promise<Chunks> {
  const files = paths.map((path) => tree[path]!).filter((entry) => entry.kind === 'file')
  const chunks: Chunks = []
  for (const { first, end } of segmentsOf(files.map(({ bytes }) => bytes.length))) {
    chunks.push(...(await store.add(Buffer.concat(files.slice(first, end).map(({ bytes }) => bytes)))))
  }
  return chunks
}

function streamOf(
  bytes: Uint8Array,
  chunks: Chunks | undefined,
  store: ChunkStore,
  table: Map<BlockInfo, number>,
): StoredStream {
  return chunks ? blockStream(extentsOf(chunks, store, table)) : inlineStream(bytes)
}

function extentsOf(chunks: Chunks, store: ChunkStore, table: Map<BlockInfo, number>): Extents {
  const builder = createExtentsBuilder()
  for (const { id, length } of chunks) {
    const { block, chunk } = store.locate(id)
    if (!table.has(block)) table.set(block, table.size)
    builder.add(table.get(block)!, chunk, length)
  }
  return builder.finish()
}
