// What is told of a node: fattr3 of RFC 1813. Everything belongs to root, and nobody may write.
import type { TreeNode } from '../../dataset/tree/readable-tree.ts'
import type { XdrWriter } from './xdr-writer.ts'

export interface Identity {
  fileId: bigint
  /** Of all that one store has. */
  fileSystemId: bigint
}

const TYPE = { file: 1, folder: 2, link: 5 } as const
const MAX_SECONDS = 2 ** 32 - 1
const FOLDER_SIZE = 4096
const SECOND = 1_000_000

/** @param nowMicros what folders that may change at any time say of their last change, so that clients look again */
export function writeAttributes(
  out: XdrWriter,
  node: TreeNode,
  { fileId, fileSystemId }: Identity,
  nowMicros = Date.now() * 1000,
): void {
  const size = BigInt(sizeOf(node))
  out.u32(TYPE[node.kind]).u32(modeOf(node))
  out.u32(1) // links to it; for a folder that means that it does not tell how many folders are in it
  out.u32(0).u32(0) // user and group
  out.u64(size).u64(size)
  out.u32(0).u32(0) // number of a device
  out.u64(fileSystemId).u64(fileId)
  const changed = isLiving(node) ? nowMicros - (nowMicros % SECOND) : node.modifiedMicros
  const modified = node.modifiedMicros || changed
  for (const time of [modified, modified, changed]) writeTime(out, time) // of access, modification and change
}

/** Present attributes behind a result (post_op_attr). */
export function writePresentAttributes(out: XdrWriter, node: TreeNode, identity: Identity): void {
  writeAttributes(out.bool(true), node, identity)
}

/** Folders whose content changes without a time that would tell of it. Of a tag it is known when it has moved. */
function isLiving({ place }: TreeNode): boolean {
  return place.level !== 'snapshot' && place.level !== 'tag'
}

export function sizeOf(node: TreeNode): number {
  if (node.kind === 'file') return node.size
  return node.kind === 'link' ? Buffer.byteLength(node.target) : FOLDER_SIZE
}

function modeOf(node: TreeNode): number {
  if (node.kind === 'link') return 0o777
  return node.kind === 'folder' || node.executable ? 0o555 : 0o444
}

function writeTime(out: XdrWriter, micros: number): void {
  const seconds = Math.min(Math.max(Math.floor(micros / SECOND), 0), MAX_SECONDS)
  out.u32(seconds).u32((Math.max(micros - seconds * SECOND, 0) % SECOND) * 1000)
}
