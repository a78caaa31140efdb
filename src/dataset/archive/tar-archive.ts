// A folder of the tree as a tar archive, member by member: nothing is held but the piece that is on its way.
import type { CallOptions } from '../../core/dataset.ts'
import type { Place, ReadableTree, TreeNode } from '../tree/readable-tree.ts'
import { fileBytes, joinSmall } from './file-bytes.ts'
import { type TarEntry, tarEnd, tarHeader, tarPadding } from './tar-records.ts'
import { treeMembers } from './tree-members.ts'

/** @param folder one of a snapshot, so that it stays as it is meanwhile */
export function tarArchive(tree: ReadableTree, folder: Place, options: CallOptions = {}): AsyncIterable<Uint8Array> {
  return joinSmall(blocks(tree, folder, options))
}

async function* blocks(tree: ReadableTree, folder: Place, options: CallOptions): AsyncGenerator<Uint8Array> {
  for await (const { path, node } of treeMembers(tree, folder, options)) {
    yield tarHeader(entryOf(path, node))
    if (node.kind !== 'file') continue
    yield* fileBytes(tree, node, { offset: 0, length: node.size }, options)
    yield tarPadding(node.size)
  }
  yield tarEnd()
}

function entryOf(path: string, node: TreeNode): TarEntry {
  const mtime = Math.floor(node.modifiedMicros / 1e6)
  if (node.kind === 'folder') return { type: 'folder', path: `${path}/`, mode: 0o755, size: 0, mtime }
  if (node.kind === 'link') return { type: 'link', path, mode: 0o777, size: 0, mtime, target: node.target }
  return { type: 'file', path, mode: node.executable ? 0o755 : 0o644, size: node.size, mtime }
}
