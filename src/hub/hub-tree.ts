// The tree over the hub's own store, as one caller may see it.
import { createReadableTree, type TreeOptions } from '../dataset/tree/create-tree.ts'
import type { ReadableTree } from '../dataset/tree/readable-tree.ts'
import { createPlainContents, type TreeContents } from '../dataset/tree/tree-contents.ts'
import type { TreeSource } from '../dataset/tree/tree-source.ts'
import type { Caller, Hub } from './hub.ts'

/** A tree for each caller. They share the contents: whether somebody may read is asked before. */
export function hubTrees(
  hub: Hub,
  contents: TreeContents = createPlainContents(),
  options?: TreeOptions,
): (caller: Caller) => ReadableTree {
  return (caller) => createReadableTree(hubTreeSource(hub, caller), contents, options)
}

export function hubTreeSource(hub: Hub, caller: Caller): TreeSource {
  return {
    listDatasets: (options) => hub.listDatasets(caller, options),
    listTags: (dataset, options) => hub.listTags(caller, dataset, options),
    getTag: (dataset, tag, options) => hub.getTag(caller, dataset, tag, options),
    openSnapshot: (dataset, digest, options) => hub.openSnapshot(caller, dataset, digest, options),
    async fetchBlock(dataset, digest, block, range, options) {
      return (await hub.readBlock(caller, dataset, digest, block.id, { range, ...options })).bytes
    },
  }
}
