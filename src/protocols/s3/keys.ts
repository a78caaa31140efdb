// The keys of a bucket in the order of their bytes, lazily: all files below each tag, and links to files. A folder is no key, and
// a link to a folder is not walked through. What lies before the place where a listing goes on is passed over, not walked.
import type { CallOptions } from '../../core/dataset.ts'
import { type Digest, formatDigest } from '../../core/id.ts'
import { compareBytes } from '../../core/path.ts'
import {
  BY_DIGEST,
  type ReadableTree,
  type TreeFile,
  type TreeFolder,
  type TreeNode,
} from '../../dataset/tree/readable-tree.ts'
import { followLink, pinned } from '../follow-links.ts'
import { nodesOf, orNothing, type Start, stemOf, tagsOf } from './key-levels.ts'

/** Where a listing goes on. */
export interface Behind {
  /** A key, or something that keys begin with; "" for the beginning. */
  text: string
  /** All keys that begin with the text are behind us too. */
  isWhole: boolean
  /** The snapshot that was read from: its tag may have moved since. */
  digest?: Digest
}

export interface KeyQuery {
  /** Path of the dataset in the tree. */
  dataset: readonly string[]
  prefix: string
  /** Folders are one item each instead of the keys in them. */
  foldsFolders: boolean
  behind: Behind
}

export type KeyItem =
  | { kind: 'key'; text: string; digest: Digest; file: TreeFile }
  /** What several keys begin with: it ends in "/". */
  | { kind: 'prefix'; text: string; digest: Digest }

interface Walk extends KeyQuery {
  tree: ReadableTree
  options: CallOptions
}

/** @throws {AetherError} `not-found` when there is no such dataset */
export async function* listKeys(
  tree: ReadableTree,
  query: KeyQuery,
  options: CallOptions = {},
): AsyncGenerator<KeyItem> {
  const walk = { ...query, tree, options }
  const dataset = await tree.find(query.dataset, options)
  if (dataset.kind !== 'folder') return
  for await (const { stem, tag } of tagsIn(walk, dataset)) {
    if (isBeyond(stem, query.prefix)) return
    if (!isPast(query.behind, stem)) yield* itemsAt(walk, stem, await rootOf(walk, stem, tag), [])
  }
}

/** The tags that keys with the prefix may be in, or the one snapshot by its digest. */
async function* tagsIn(walk: Walk, folder: TreeFolder): AsyncGenerator<{ stem: string; tag: TreeFolder }> {
  const { tree, dataset, prefix, options } = walk
  const [first = '', ...rest] = prefix.split('/')
  if (rest.length === 0) {
    const { name } = startIn(walk, '')
    for await (const tag of tagsOf(tree, folder, name, options)) yield { stem: stemOf(tag), tag }
    return
  }
  const path = first === BY_DIGEST ? [first, ...rest.slice(0, 1)] : [first]
  const tag = await orNothing(tree.find([...dataset, ...path], options))
  if (tag?.kind === 'folder' && tag.digest !== undefined) yield { stem: `${path.join('/')}/`, tag }
}

/** The snapshot of a tag: the one that this listing has begun with, if it may still be read. */
async function rootOf({ tree, dataset, behind, options }: Walk, stem: string, tag: TreeFolder): Promise<TreeFolder> {
  if (behind.digest === undefined || !behind.text.startsWith(stem)) return pinned(tag)
  const before = await orNothing(tree.find([...dataset, BY_DIGEST, formatDigest(behind.digest)], options))
  return before?.kind === 'folder' ? before : pinned(tag)
}

/** @param stem of all keys at or below the node @param above folders from the root of the snapshot to that of the node */
async function* itemsAt(
  walk: Walk,
  stem: string,
  node: TreeNode,
  above: readonly TreeFolder[],
): AsyncGenerator<KeyItem> {
  const { tree, prefix, foldsFolders, options } = walk
  const { digest } = above[0] ?? (node as TreeFolder)
  if (digest === undefined || isPast(walk.behind, stem)) return
  if (node.kind === 'folder') {
    if (!stem.startsWith(prefix)) yield* prefix.startsWith(stem) ? itemsIn(walk, stem, node, above) : []
    else if (!foldsFolders || stem === prefix) yield* itemsIn(walk, stem, node, above)
    else if (await hasKeys(walk, stem, node, above)) yield { kind: 'prefix', text: stem, digest }
    return
  }
  if (!stem.startsWith(prefix)) return
  const file = node.kind === 'file' ? node : (await followLink(tree, node, above, options))?.node
  if (file?.kind === 'file') yield { kind: 'key', text: stem, digest, file }
}

async function* itemsIn(
  walk: Walk,
  stem: string,
  folder: TreeFolder,
  above: readonly TreeFolder[],
): AsyncGenerator<KeyItem> {
  const folders = [...above, folder]
  for await (const node of nodesOf(walk.tree, folder, startIn(walk, stem), walk.options)) {
    const child = `${stem}${stemOf(node)}`
    if (isBeyond(child, walk.prefix)) return
    yield* itemsAt(walk, child, node, folders)
  }
}

/** Whether there is a key below a folder that is not behind us. To look into every tag would open every snapshot. */
async function hasKeys(walk: Walk, stem: string, folder: TreeFolder, above: readonly TreeFolder[]): Promise<boolean> {
  if (above.length === 0 && !walk.behind.text.startsWith(stem)) return true
  const first = await itemsIn({ ...walk, foldsFolders: false }, stem, folder, above).next()
  return !first.done
}

/** The name in a folder before which there is nothing to list. */
function startIn({ behind, prefix }: Walk, stem: string): Start {
  const texts = [behind.text, prefix].filter((text) => text.startsWith(stem)).sort(compareBytes)
  const rest = texts.at(-1)?.slice(stem.length) ?? ''
  const [name = '', ...more] = rest.split('/')
  return { name, isComplete: more.length > 0 }
}

/** True when all keys that begin with the stem are behind us; of a stem that is no folder's, there is that one alone. */
function isPast({ text, isWhole }: Behind, stem: string): boolean {
  if (isWhole && stem.startsWith(text)) return true
  const order = compareBytes(stem, text)
  return stem.endsWith('/') ? order < 0 && !text.startsWith(stem) : order <= 0
}

/** True when neither the stem nor anything behind it in the order of keys can have the prefix. */
function isBeyond(stem: string, prefix: string): boolean {
  return compareBytes(stem, prefix) > 0 && !stem.startsWith(prefix)
}
