// A folder for programs: one line for each entry, written while the tree is read.
import { formatDigest } from '../../../core/id.ts'
import type { TreeFolder, TreeNode } from '../../../dataset/tree/readable-tree.ts'
import type { FolderEntries } from './folder-entries.ts'

export async function* folderJson(
  path: readonly string[],
  folder: TreeFolder,
  { items, next }: FolderEntries,
): AsyncGenerator<string> {
  const digest = folder.digest === undefined ? null : formatDigest(folder.digest)
  const place = `/${path.map((part) => `${part}/`).join('')}`
  let separator = `{"path":${JSON.stringify(place)},"digest":${JSON.stringify(digest)},"entries":[\n`
  for await (const { node } of items) {
    yield `${separator}${JSON.stringify(entryJson(node, folder))}`
    separator = ',\n'
  }
  if (separator !== ',\n') yield separator
  yield `],"next":${JSON.stringify(next() ?? null)}}\n`
}

function entryJson(node: TreeNode, { digest }: TreeFolder): object {
  const { name, kind, modifiedMicros } = node
  const common = { name, kind, ...(modifiedMicros > 0 && { modified: new Date(modifiedMicros / 1000).toISOString() }) }
  if (node.kind === 'file') return { ...common, size: node.size, executable: node.executable, sha256: node.hash }
  if (node.kind === 'link') return { ...common, target: node.target }
  // Above the snapshots, folders tell where they lead.
  return digest === undefined && node.digest !== undefined ? { ...common, digest: formatDigest(node.digest) } : common
}
