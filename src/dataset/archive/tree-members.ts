// What an archive of a folder has in it: the folder's nodes and all below them, a folder before what is in it.
import type { CallOptions } from '../../core/dataset.ts'
import type { Place, ReadableTree, TreeNode } from '../tree/readable-tree.ts'

export interface Member {
  /** From the folder on, without "/" at either end. */
  path: string
  node: TreeNode
}

/** Nodes that are asked for at once. Deep down they are few, so that the pages of all levels together stay small. */
const PAGE = 500
const DEEP = 16
const DEEP_PAGE = 16

/** @param folder one of a snapshot, so that it stays as it is meanwhile */
export async function* treeMembers(
  tree: ReadableTree,
  folder: Place,
  options: CallOptions,
  prefix = '',
  depth = 0,
): AsyncGenerator<Member> {
  const limit = depth < DEEP ? PAGE : DEEP_PAGE
  for (let after: string | undefined; ; ) {
    const { items, isLast } = await tree.list(folder, { ...options, after, limit })
    for (const { node } of items) {
      const path = prefix + node.name
      yield { path, node }
      if (node.kind === 'folder') yield* treeMembers(tree, node.place, options, `${path}/`, depth + 1)
    }
    if (isLast) return
    after = items.at(-1)?.token
  }
}
