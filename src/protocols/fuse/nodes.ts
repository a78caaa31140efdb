// The nodes that the kernel knows, by the numbers that it knows them by. It says when it forgets one, and so do we then: there
// are never more of them than it keeps itself.
import { sha256Hex } from '../../core/id.ts'
import type { Place, TreeNode } from '../../dataset/tree/readable-tree.ts'
import { ROOT_ID } from './constants.ts'

export interface KnownNode {
  place: Place
  kind: TreeNode['kind']
  /** Bytes of a file. */
  size: number
}

export interface NodeTable {
  /** @returns the number of the node, the same one each time as long as the kernel knows it. */
  remember(node: TreeNode): number
  get(id: number): KnownNode | undefined
  /** The kernel has forgotten so many of the times that it was given the node. */
  forget(id: number, count: number): void
  /** The number of an inode: the same after any number of mounts. */
  inoOf(place: Place): bigint
  readonly size: number
}

interface Kept extends KnownNode {
  family: Family
  /** Number in the family. */
  member: number
  lookups: number
}

/** The nodes of one snapshot; each place above snapshots is a family of its own. */
interface Family {
  key: string
  /** Inode number of the first member. */
  base: bigint
  ids: Map<number, number>
}

/** More than a path can have parts. */
const DEPTHS = 4096

export function createNodeTable(): NodeTable {
  const nodes = new Map<number, Kept>()
  const families = new Map<string, Family>()
  let lastId = ROOT_ID
  let latest: Family | undefined // of nodes that nobody remembers, as in READDIR, there are many of one family

  function familyOf(place: Place): Family {
    const key = familyKey(place)
    if (latest?.key !== key) latest = families.get(key) ?? { key, base: firstIno(key), ids: new Map() }
    return latest
  }

  function remember(node: TreeNode): number {
    const family = familyOf(node.place)
    const member = memberNumber(node.place)
    const id = family.ids.get(member) ?? add(node, family, member)
    nodes.get(id)!.lookups++
    return id
  }

  function add(node: TreeNode, family: Family, member: number): number {
    const { place, kind } = node
    const id = ++lastId
    nodes.set(id, { place, kind, size: kind === 'file' ? node.size : 0, family, member, lookups: 0 })
    family.ids.set(member, id)
    families.set(family.key, family)
    return id
  }

  function forget(id: number, count: number): void {
    const node = nodes.get(id)
    if (node === undefined) return // the root, or a number that we never gave
    node.lookups -= count
    if (node.lookups > 0) return
    nodes.delete(id)
    node.family.ids.delete(node.member)
    if (node.family.ids.size === 0) families.delete(node.family.key)
  }

  return {
    remember,
    forget,
    get: (id) => nodes.get(id),
    inoOf: (place) => BigInt.asUintN(64, familyOf(place).base + BigInt(memberNumber(place))),
    get size() {
      return nodes.size
    },
  }
}

function familyKey(place: Place): string {
  switch (place.level) {
    case 'snapshot':
      return `${place.dataset}@${place.digest}`
    case 'tag':
      return `${place.dataset}:${place.tag}`
    case 'dataset':
      return `dataset ${place.dataset}`
    case 'digests':
      return `digests ${place.dataset}`
    case 'scope':
      return `scope ${place.scope}`
    case 'root':
      return 'root'
  }
}

function memberNumber(place: Place): number {
  return place.level === 'snapshot' ? place.index * DEPTHS + place.depth : 0
}

/** By chance, so that two of 64 bits do not meet; above the numbers that have a meaning. */
function firstIno(key: string): bigint {
  return BigInt(`0x${sha256Hex(key).slice(0, 16)}`) | 16n
}
