// A folder of the tree as a zip archive. Small files are packed in memory; of large ones sum and packed size come behind their
// bytes. The directory at the end is made by a second walk, so that a hundred thousand names need not be kept.
import { promisify } from 'node:util'
import { crc32, createDeflateRaw, deflateRaw } from 'node:zlib'
import type { CallOptions } from '../../core/dataset.ts'
import type { Place, ReadableTree, TreeFile, TreeNode } from '../tree/readable-tree.ts'
import { fileBytes, joinSmall } from './file-bytes.ts'
import { through } from './through.ts'
import { treeMembers } from './tree-members.ts'
import {
  DEFLATED,
  dataDescriptor,
  directoryEnd,
  directoryHeader,
  localHeader,
  STORED,
  ZIP64_FROM,
  type ZipMember,
} from './zip-records.ts'

/** Larger files are packed while they go out. */
const SMALL = 256 * 1024
/** Packing is for transport alone, and mostly of bytes that pack badly. */
const LEVEL = { level: 1 }
const pack = promisify(deflateRaw)

export interface ZipOptions extends CallOptions {
  /** Sizes and places from here on are written with 64 bits; tests have it smaller. */
  zip64From?: number
}

/** @param folder one of a snapshot, so that it stays as it is meanwhile */
export function zipArchive(tree: ReadableTree, folder: Place, options: ZipOptions = {}): AsyncIterable<Uint8Array> {
  return joinSmall(records(tree, folder, options))
}

/** What the second walk has to know of a member: method, sum, packed size and first byte. Numbers alone take little room. */
const KEPT = 4

async function* records(tree: ReadableTree, folder: Place, options: ZipOptions): AsyncGenerator<Uint8Array> {
  const { signal, zip64From = ZIP64_FROM } = options
  const kept: number[] = []
  let offset = 0

  for await (const { path, node } of treeMembers(tree, folder, { signal })) {
    const member = memberOf(path, node, zip64From)
    const start = offset
    for await (const piece of memberBytes(tree, node, member, { signal })) {
      offset += piece.length
      yield piece
    }
    kept.push(member.method, member.crc, member.packedSize, start)
  }
  const directory = offset
  let place = 0
  for await (const { path, node } of treeMembers(tree, folder, { signal })) {
    const [method, crc, packedSize, start] = kept.slice(place, place + KEPT) as [
      ZipMember['method'],
      number,
      number,
      number,
    ]
    const member = { ...memberOf(path, node, zip64From), method, crc, packedSize }
    const header = directoryHeader(member, start, zip64From)
    place += KEPT
    offset += header.length
    yield header
  }
  yield directoryEnd(kept.length / KEPT, offset - directory, directory, zip64From)
}

function memberOf(path: string, node: TreeNode, zip64From: number): ZipMember {
  const size = node.kind === 'file' ? node.size : node.kind === 'link' ? Buffer.byteLength(node.target) : 0
  const streamed = node.kind === 'file' && size > SMALL
  return {
    path: node.kind === 'folder' ? `${path}/` : path,
    mode: modeOf(node),
    mtime: Math.floor(node.modifiedMicros / 1e6),
    method: STORED,
    crc: 0,
    packedSize: size,
    size,
    streamed,
    // What packs badly grows a little, so the border is taken somewhat lower.
    isLarge: streamed && size * 1.01 >= zip64From,
  }
}

function modeOf(node: TreeNode): number {
  if (node.kind === 'folder') return 0o040755
  if (node.kind === 'link') return 0o120777
  return node.executable ? 0o100755 : 0o100644
}

/** Header and bytes; fills in what `member` does not say yet. */
async function* memberBytes(
  tree: ReadableTree,
  node: TreeNode,
  member: ZipMember,
  options: CallOptions,
): AsyncGenerator<Uint8Array> {
  if (node.kind === 'file' && member.streamed) return yield* streamedBytes(tree, node, member, options)
  const bytes = await wholeBytes(tree, node, options)
  const packed = bytes.length > 0 ? await pack(bytes, LEVEL) : bytes
  const isPacked = packed.length < bytes.length
  Object.assign(member, { crc: crc32(bytes), method: isPacked ? DEFLATED : STORED })
  member.packedSize = isPacked ? packed.length : bytes.length
  yield localHeader(member)
  yield isPacked ? packed : bytes
}

async function wholeBytes(tree: ReadableTree, node: TreeNode, options: CallOptions): Promise<Buffer> {
  if (node.kind === 'folder') return Buffer.alloc(0)
  if (node.kind === 'link') return Buffer.from(node.target)
  return Buffer.concat(await Array.fromAsync(fileBytes(tree, node, { offset: 0, length: node.size }, options)))
}

/** Always packed: programs that read an archive as it comes can tell only by that where the bytes end. */
async function* streamedBytes(
  tree: ReadableTree,
  file: TreeFile,
  member: ZipMember,
  options: CallOptions,
): AsyncGenerator<Uint8Array> {
  Object.assign(member, { method: DEFLATED, packedSize: 0 })
  yield localHeader(member)
  async function* summed(): AsyncGenerator<Uint8Array> {
    for await (const piece of fileBytes(tree, file, { offset: 0, length: file.size }, options)) {
      member.crc = crc32(piece, member.crc)
      yield piece
    }
  }
  for await (const piece of through(createDeflateRaw({ ...LEVEL, chunkSize: 64 * 1024 }), summed())) {
    member.packedSize += piece.length
    yield piece
  }
  yield dataDescriptor(member)
}
