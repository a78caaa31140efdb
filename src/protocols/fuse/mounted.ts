// What is mounted, and how long the kernel may keep what it is told of it.
import type { TagName } from '../../core/names.ts'
import type { Place, ReadableTree, TreeNode } from '../../dataset/tree/readable-tree.ts'
import { attributesOf, type NodeAttributes, type Owner } from './attributes.ts'
import { ROOT_ID } from './constants.ts'
import type { KnownNode, NodeTable } from './nodes.ts'
import type { EntryOut, Space } from './replies.ts'

/** The folder of the tree that is mounted. */
export interface Root {
  /** Where it is now. */
  place(): Place
  /** Whether it may be another folder later on, as a channel is. */
  readonly follows: boolean
  /** The tag that it shows, if it is one. */
  readonly tag?: TagName
  /** What statfs(2) tells. */
  space(): Space
}

export interface Mounted {
  tree: ReadableTree
  nodes: NodeTable
  root: Root
  owner: Owner
}

/** What is in a snapshot never changes. Ten years, as the kernel has no word for always. */
const FOREVER = 10 * 365 * 24 * 3600
/** A tag may move at any time; the kernel is told too, and asks again in case that did not reach it. */
const SHORT = 1

export function nodeAt({ nodes, root }: Mounted, id: number): KnownNode | undefined {
  return id === ROOT_ID ? { place: root.place(), kind: 'folder', size: 0 } : nodes.get(id)
}

/** Whether what is in this folder stays as it is. */
export function isLasting({ root }: Mounted, id: number, place: Place): boolean {
  return place.level === 'snapshot' && !(id === ROOT_ID && root.follows)
}

export function nameSeconds(mounted: Mounted, parent: number, place: Place): number {
  return isLasting(mounted, parent, place) ? FOREVER : SHORT
}

export function attributeSeconds(mounted: Mounted, id: number, place: Place): number {
  return isLasting(mounted, id, place) ? FOREVER : SHORT
}

export function attributesAt({ nodes, owner }: Mounted, id: number, node: TreeNode): NodeAttributes {
  return attributesOf(node, id === ROOT_ID ? 1n : nodes.inoOf(node.place), owner)
}

/** Counts as a lookup of the node. */
export function entryOf(mounted: Mounted, node: TreeNode, seconds: number): EntryOut {
  const id = mounted.nodes.remember(node)
  const attributes = attributesAt(mounted, id, node)
  return {
    node: id,
    attributes,
    nameSeconds: seconds,
    attributeSeconds: attributeSeconds(mounted, id, node.place),
  }
}

/** There is no such name, and for so long there will be none. */
export function absence(seconds: number): EntryOut {
  return { node: 0, attributes: undefined, nameSeconds: seconds, attributeSeconds: 0 }
}
