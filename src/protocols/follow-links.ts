// Finding files through symbolic links, for doors to clients that know none. A link never leads out of its snapshot.
import type { CallOptions } from '../core/dataset.ts'
import { AetherError } from '../core/errors.ts'
import {
  BY_DIGEST,
  fixed,
  type ReadableTree,
  type TreeFile,
  type TreeFolder,
  type TreeLink,
  type TreeNode,
} from '../dataset/tree/readable-tree.ts'

/** Links on the way to one file at most, as operating systems have it. */
const MAX_LINKS = 40

export interface Found {
  /** What is there, which may stand elsewhere and under another name. */
  node: TreeFile | TreeFolder
  /** The folders from the root of its snapshot down to the one that it lies in. */
  above: readonly TreeFolder[]
}

/** What is at a path, for who need not know what lies above it: mostly there are no links on the way. As `findThroughLinks`. */
export async function resolve(
  tree: ReadableTree,
  path: readonly string[],
  options: CallOptions = {},
): Promise<TreeFile | TreeFolder> {
  const node = await orUndefined(tree.find(path, options))
  if (node === undefined || node.kind === 'link') return (await findThroughLinks(tree, path, options)).node
  return node.kind === 'folder' ? pinned(node) : node
}

/** With the folder itself when it is one: what links in it go out from. */
export function foldersOf({ node, above }: Found): readonly TreeFolder[] {
  return node.kind === 'folder' ? [...above, node] : above
}

/** As `tree.find`, through links. @throws {AetherError} `not-found`, `invalid` */
export async function findThroughLinks(
  tree: ReadableTree,
  path: readonly string[],
  options: CallOptions = {},
): Promise<Found> {
  const levels = levelsAboveFiles(path)
  const top = await tree.find(path.slice(0, levels), options)
  if (top.kind !== 'folder') throw nothingAt(path)
  if (top.digest === undefined && path.length <= levels) return { node: top, above: [] }
  const found = await walk(tree, [pinned(top)], path.slice(levels), options)
  if (found === undefined) throw nothingAt(path)
  return found
}

/** The folder as it is now: below it nothing changes when its tag moves. */
export function pinned(folder: TreeFolder): TreeFolder {
  return { ...folder, place: fixed(folder) }
}

/** True when a path leads to a snapshot by its digest, so that what is there never changes. */
export function isByDigest(path: readonly string[], { place }: TreeNode): boolean {
  return 'dataset' in place && path[place.dataset.split('/').length] === BY_DIGEST
}

/** What a link leads to; undefined for one that leads nowhere. @param above folders from the root of the snapshot to its own */
export async function followLink(
  tree: ReadableTree,
  { target }: TreeLink,
  above: readonly TreeFolder[],
  options: CallOptions = {},
): Promise<Found | undefined> {
  return walk(tree, above, target.split('/'), options, 1)
}

/** Parts of a path above the files of a snapshot. */
function levelsAboveFiles([first = '', ...rest]: readonly string[]): number {
  const tag = first.startsWith('@') ? 2 : 1
  return rest[tag - 1] === BY_DIGEST ? tag + 2 : tag + 1
}

async function walk(
  tree: ReadableTree,
  begin: readonly TreeFolder[],
  parts: readonly string[],
  options: CallOptions,
  links = 0,
): Promise<Found | undefined> {
  const folders = [...begin]
  const rest = [...parts].reverse()
  for (let part = rest.pop(); part !== undefined; part = rest.pop()) {
    if (part === '' || part === '.') continue
    if (part === '..') {
      if (folders.length === 1) return undefined
      folders.pop()
      continue
    }
    const node = await orUndefined(tree.child(folders.at(-1)!.place, part, options))
    if (node === undefined) return undefined
    if (node.kind === 'folder') folders.push(node)
    else if (node.kind === 'file') return rest.length === 0 ? { node, above: folders } : undefined
    else if (++links > MAX_LINKS) return undefined
    else rest.push(...node.target.split('/').reverse())
  }
  return { node: folders.at(-1)!, above: folders.slice(0, -1) }
}

async function orUndefined(finding: Promise<TreeNode>): Promise<TreeNode | undefined> {
  try {
    return await finding
  } catch (error) {
    if (error instanceof AetherError && error.code === 'not-found') return undefined
    throw error
  }
}

function nothingAt(path: readonly string[]): AetherError {
  return new AetherError('not-found', `There is nothing at "/${path.join('/').slice(0, 300)}"`)
}
