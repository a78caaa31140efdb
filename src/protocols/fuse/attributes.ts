// How files, links and folders of a tree look to stat(2).
import type { TreeNode } from '../../dataset/tree/readable-tree.ts'

export interface NodeAttributes {
  ino: bigint
  /** Bytes. */
  size: number
  seconds: number
  nanoseconds: number
  /** Kind and permissions. */
  mode: number
  uid: number
  gid: number
}

/** Whom everything belongs to: who has mounted it. */
export interface Owner {
  uid: number
  gid: number
}

const MODE = { folder: 0o040555, file: 0o100444, executable: 0o100555, link: 0o120777 } as const
/** Kinds as entries of folders have them. */
const TYPE = { folder: 4, file: 8, link: 10 } as const

export function attributesOf(node: TreeNode, ino: bigint, { uid, gid }: Owner): NodeAttributes {
  const seconds = Math.floor(node.modifiedMicros / 1e6)
  const nanoseconds = (node.modifiedMicros - seconds * 1e6) * 1000
  return { ino, size: sizeOf(node), seconds, nanoseconds, mode: modeOf(node), uid, gid }
}

export function direntType({ kind }: TreeNode): number {
  return TYPE[kind]
}

function modeOf(node: TreeNode): number {
  return node.kind === 'file' && node.executable ? MODE.executable : MODE[node.kind]
}

function sizeOf(node: TreeNode): number {
  if (node.kind === 'file') return node.size
  return node.kind === 'link' ? Buffer.byteLength(node.target) : 0
}
