// What a folder shows to clients that know no links: a link to a file is that file. Links to folders can be walked through,
// but are not listed, or a client that copies everything might walk in circles.
import type { ReadableTree, TreeNode } from '../../dataset/tree/readable-tree.ts'
import { type Found, foldersOf, followLink } from '../follow-links.ts'
import type { Resource } from './properties.ts'

/** Nodes that are in memory at once. */
const PAGE = 500

export interface Member {
  /** Under which it is shown. */
  name: string
  resource: Resource
}

/** The members of a folder, by pages; a file has none. */
export async function* membersOf(tree: ReadableTree, found: Found, signal: AbortSignal): AsyncGenerator<Member[]> {
  const { node } = found
  if (node.kind === 'file') return
  const folders = foldersOf(found)
  for (let after: string | undefined, isLast = false; !isLast; ) {
    const page = await tree.list(node.place, { after, limit: PAGE, signal })
    const members = await Promise.all(page.items.map(({ node }) => memberOf(tree, node, folders, signal)))
    yield members.filter((member) => member !== undefined)
    after = page.items.at(-1)?.token
    isLast = page.isLast || after === undefined
  }
}

async function memberOf(
  tree: ReadableTree,
  node: TreeNode,
  folders: Found['above'],
  signal: AbortSignal,
): Promise<Member | undefined> {
  if (node.kind !== 'link') return { name: node.name, resource: node }
  const target = (await followLink(tree, node, folders, { signal }))?.node
  return target?.kind === 'file' ? { name: node.name, resource: target } : undefined
}
