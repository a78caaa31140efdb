import type { CallOptions } from '../../../core/dataset.ts'
import type { ListedNode, Place, ReadableTree } from '../../../dataset/tree/readable-tree.ts'
import type { FolderPage } from './folder-format.ts'

/** Entries that are held at once. */
const PAGE = 1000

export interface FolderEntries {
  /** May be walked once. */
  items: AsyncIterable<ListedNode>
  limit: number
  /** After the walk: for `after`, when the limit has left something out. */
  next(): string | undefined
}

/** Entries of a folder, page by page as they are taken. */
export function folderEntries(
  tree: ReadableTree,
  folder: Place,
  { after, limit = Number.POSITIVE_INFINITY }: FolderPage,
  options: CallOptions,
): FolderEntries {
  let next: string | undefined

  async function* walk(): AsyncGenerator<ListedNode> {
    let token = after
    for (let left = limit; left > 0; ) {
      const { items, isLast } = await tree.list(folder, { ...options, after: token, limit: Math.min(left, PAGE) })
      yield* items
      left -= items.length
      token = items.at(-1)?.token
      next = isLast ? undefined : token
      if (isLast) return
    }
  }

  return { items: walk(), limit, next: () => next }
}
