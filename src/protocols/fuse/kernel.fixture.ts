// The kernel's side of the protocol, as far as tests need it: requests as bytes, and answers read back.
import assert from 'node:assert/strict'
import type { DatasetName, TagName } from '../../core/names.ts'
import type { Place, ReadableTree } from '../../dataset/tree/readable-tree.ts'
import { createHub } from '../../hub/create-hub.ts'
import { ANONYMOUS, type Hub } from '../../hub/hub.ts'
import { hubTrees } from '../../hub/hub-tree.ts'
import type { BuiltSnapshot } from '../../hub/snapshot.fixture.ts'
import { createMemoryStorage } from '../../storage/memory.ts'
import { OPCODE, ROOT_ID } from './constants.ts'
import type { Root } from './mounted.ts'
import { createNodeTable, type NodeTable } from './nodes.ts'
import type { BackingFiles } from './open-files.ts'
import { createOperations, type Operations } from './operations.ts'
import type { Reply } from './reply.ts'
import { decodeRequest } from './requests.ts'

/** Numbers one behind the other: bigint for 64 bits, number for 32. */
export function words(...values: (number | bigint)[]): Buffer {
  return Buffer.concat(
    values.map((value) => {
      const bytes = Buffer.alloc(typeof value === 'bigint' ? 8 : 4)
      if (typeof value === 'bigint') bytes.writeBigUInt64LE(value)
      else bytes.writeUInt32LE(value)
      return bytes
    }),
  )
}

export function requestBytes(opcode: number, node: number, body: Uint8Array = Buffer.alloc(0), unique = 2): Buffer {
  return Buffer.concat([words(40 + body.length, opcode, BigInt(unique), BigInt(node), 0, 0, 0, 0), body])
}

export interface FoundEntry {
  node: number
  ino: bigint
  size: number
  mode: number
  nameSeconds: number
  attributeSeconds: number
}

export function readEntry(bytes: Buffer, at = 0): FoundEntry {
  const wide = (place: number) => Number(bytes.readBigUInt64LE(at + place))
  return {
    node: wide(0),
    nameSeconds: wide(16),
    attributeSeconds: wide(24),
    ino: bytes.readBigUInt64LE(at + 40),
    size: wide(48),
    mode: bytes.readUInt32LE(at + 100),
  }
}

export interface Listed {
  name: string
  next: number
  entry: FoundEntry | undefined
}

export function readDirents(bytes: Buffer, plus: boolean): Listed[] {
  const found: Listed[] = []
  for (let at = 0; at < bytes.length; ) {
    const start = at + (plus ? 128 : 0)
    const length = bytes.readUInt32LE(start + 16)
    const name = bytes.toString('utf8', start + 24, start + 24 + length)
    const entry = plus ? readEntry(bytes, at) : undefined
    found.push({ name, next: Number(bytes.readBigUInt64LE(start + 8)), entry })
    at = Math.ceil((start + 24 + length) / 8) * 8
  }
  return found
}

export interface TestKernel {
  operations: Operations
  nodes: NodeTable
  failures: Error[]
  ask(opcode: number, node?: number, body?: Uint8Array, signal?: AbortSignal): Promise<Reply>
  /** As `ask`, for what has to succeed. */
  get(opcode: number, node?: number, body?: Uint8Array): Promise<Buffer>
  /** The entry at a path. */
  lookup(...path: string[]): Promise<FoundEntry>
  read(node: number, offset: number, size: number): Promise<Buffer>
  /** All that a folder has, asked with buffers of this size. */
  list(node: number, size: number, plus?: boolean): Promise<Listed[]>
}

export function testKernel(tree: ReadableTree, root: Place | Root, backings?: BackingFiles): TestKernel {
  const nodes = createNodeTable()
  const failures: Error[] = []
  const operations = createOperations({
    tree,
    nodes,
    root: 'level' in root ? { place: () => root, follows: false, space: () => ({ bytes: 0, files: 0 }) } : root,
    owner: { uid: 7, gid: 8 },
    onFailure: (error) => failures.push(error),
    backings,
  })
  const ask: TestKernel['ask'] = (opcode, node = ROOT_ID, body, signal = new AbortController().signal) =>
    operations.answer(decodeRequest(requestBytes(opcode, node, body)), signal)

  async function get(opcode: number, node?: number, body?: Uint8Array): Promise<Buffer> {
    const reply = await ask(opcode, node, body)
    assert.equal(reply.error, 0)
    return Buffer.concat(reply.parts)
  }

  async function lookup(...path: string[]): Promise<FoundEntry> {
    let entry: FoundEntry | undefined
    for (const name of path) entry = readEntry(await get(OPCODE.lookup, entry?.node, Buffer.from(`${name}\0`)))
    return entry!
  }

  async function list(node: number, size: number, plus = true): Promise<Listed[]> {
    const handle = (await get(OPCODE.opendir, node)).readBigUInt64LE(0)
    const all: Listed[] = []
    for (;;) {
      const body = words(handle, BigInt(all.at(-1)?.next ?? 0), size, 0)
      const bytes = await get(plus ? OPCODE.readdirplus : OPCODE.readdir, node, body)
      assert.ok(bytes.length <= size)
      if (bytes.length === 0) break
      all.push(...readDirents(bytes, plus))
    }
    await get(OPCODE.releasedir, node, words(handle))
    return all
  }

  const read = (node: number, offset: number, size: number) =>
    get(OPCODE.read, node, words(0n, BigInt(offset), size, 0))
  return { operations, nodes, failures, ask, get, lookup, read, list }
}

/** A hub in memory with snapshots in it. */
export async function hubWith(
  ...pushed: [BuiltSnapshot, dataset: string, ...tags: string[]][]
): Promise<{ hub: Hub; tree: ReadableTree; push: typeof push }> {
  const hub = await createHub({ storage: createMemoryStorage() })

  async function push(snapshot: BuiltSnapshot, dataset: string, ...tags: string[]): Promise<void> {
    const name = dataset as DatasetName
    const receipts = await Promise.all(
      snapshot.blocks.map(({ info, bytes }) =>
        hub.uploadBlock(ANONYMOUS, name, info.id, bytes.length, ReadableStream.from([bytes])),
      ),
    )
    const targets = tags.map((tag) => ({ tag: tag as TagName, expected: undefined }))
    await hub.publish(ANONYMOUS, {
      dataset: name,
      record: snapshot.bytes,
      receipts,
      bases: [],
      tags: targets,
      reason: '',
    })
  }

  for (const one of pushed) await push(...one)
  return { hub, tree: hubTrees(hub)(ANONYMOUS), push }
}
