// Reads all files of a folder once, so that the cache has them.
import type { Place, ReadableTree, TreeFile, TreeNode } from '../../dataset/tree/readable-tree.ts'

export interface Prefetched {
  files: number
  bytes: number
}

/** Nodes of one page of a listing. */
const PAGE = 500

/** @throws {AetherError} the first failure; what was read until then is in the cache */
export async function prefetch(tree: ReadableTree, folder: Place, signal: AbortSignal): Promise<Prefetched> {
  const done = { files: 0, bytes: 0 }
  for await (const file of filesBelow(tree, folder, signal)) {
    for await (const part of tree.read(file.place, { offset: 0, length: file.size }, { signal }))
      done.bytes += part.length
    done.files++
  }
  return done
}

async function* filesBelow(tree: ReadableTree, folder: Place, signal: AbortSignal): AsyncGenerator<TreeFile> {
  for await (const node of nodesIn(tree, folder, signal)) {
    if (node.kind === 'file') yield node
    if (node.kind === 'folder') yield* filesBelow(tree, node.place, signal)
  }
}

async function* nodesIn(tree: ReadableTree, folder: Place, signal: AbortSignal): AsyncGenerator<TreeNode> {
  for (let after: string | undefined; ; ) {
    const { items, isLast } = await tree.list(folder, { after, limit: PAGE, signal })
    for (const { node } of items) yield node
    if (isLast) return
    after = items.at(-1)!.token
  }
}
