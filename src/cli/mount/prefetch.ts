// Reads all files of a folder once, so that the cache has them: large ones whole, for a kernel that reads these by itself.
import { oneByOne } from '../../dataset/tree/one-by-one.ts'
import type { Place, ReadableTree, TreeFile, TreeNode, WholeFiles } from '../../dataset/tree/readable-tree.ts'
import { WORTH_KEEPING } from '../../protocols/fuse/open-files.ts'

export interface Prefetched {
  files: number
  bytes: number
}

/** Nodes of one page of a listing. */
const PAGE = 500

/**
 * @param whole keeps large files; undefined when nobody would use them
 * @throws {AetherError} the first failure; what was read until then is in the cache
 */
export async function prefetch(
  tree: ReadableTree,
  folder: Place,
  whole: WholeFiles | undefined,
  signal: AbortSignal,
): Promise<Prefetched> {
  const done = { files: 0, bytes: 0 }
  for await (const file of filesBelow(tree, folder, signal)) {
    const isKept = file.size >= WORTH_KEEPING && (await whole?.keep(file.place, { signal }))
    if (!isKept) await readAll(tree, file, signal)
    done.bytes += file.size
    done.files++
  }
  return done
}

async function readAll(tree: ReadableTree, { place, size }: TreeFile, signal: AbortSignal): Promise<void> {
  for await (const _part of tree.read(place, { offset: 0, length: size }, { signal, ...oneByOne() }));
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
