// The nodes of one level of keys, from some name on: the tags of a dataset, or what a folder has in it. Nothing here holds more
// than a page.
import type { CallOptions } from '../../core/dataset.ts'
import { AetherError } from '../../core/errors.ts'
import { compareBytes } from '../../core/path.ts'
import {
  fixed,
  type Place,
  type ReadableTree,
  type TreeFolder,
  type TreeNode,
} from '../../dataset/tree/readable-tree.ts'

/** Nodes that are asked for at once. */
const PAGE = 1000

/** What keys begin with that have this node in them. */
export function stemOf({ kind, name }: TreeNode): string {
  return kind === 'folder' ? `${name}/` : name
}

/** A name to begin with. */
export interface Start {
  /** "" for the very beginning. */
  name: string
  /** False when it may be no more than the beginning of a name. */
  isComplete: boolean
}

/**
 * What a folder of a snapshot has in it, in the order of keys. Begins where the name stands, if it is there; else with the
 * first, for the tree has no other way to find a place between names.
 */
export async function* nodesOf(
  tree: ReadableTree,
  folder: TreeFolder,
  { name, isComplete }: Start,
  options: CallOptions,
): AsyncGenerator<TreeNode> {
  const place = fixed(folder)
  const start = name === '' ? undefined : await orNothing(tree.child(place, name, options))
  // The keys below a folder "a" come behind "a-b", which begins with "a" as well.
  const isPlace = start !== undefined && (isComplete || start.kind !== 'folder')
  // A token is the number of the entry that it goes on with.
  const after = isPlace && start.place.level === 'snapshot' ? String(start.place.index) : undefined
  yield* pagesOf(tree, place, after, options)
}

async function* pagesOf(
  tree: ReadableTree,
  folder: Place,
  begin: string | undefined,
  options: CallOptions,
): AsyncGenerator<TreeNode> {
  for (let after = begin, isLast = false; !isLast; ) {
    const page = await tree.list(folder, { ...options, after, limit: PAGE })
    for (const { node } of page.items) yield node
    after = page.items.at(-1)?.token
    isLast = page.isLast || after === undefined
  }
}

/**
 * The tags of a dataset in the order of keys, from the one called `from` on. The tree has them in the order of their names,
 * which differs: "v1/" comes behind "v1-rc/" and "v1.0/". So a tag waits for those that begin with its name.
 */
export async function* tagsOf(
  tree: ReadableTree,
  dataset: TreeFolder,
  from: string,
  options: CallOptions,
): AsyncGenerator<TreeFolder> {
  const waiting: TreeFolder[] = []
  for await (const tag of tagsByName(tree, dataset, from, options)) {
    while (waiting.length > 0 && compareBytes(stemOf(waiting.at(-1)!), stemOf(tag)) < 0) yield waiting.pop()!
    waiting.push(tag)
  }
  yield* waiting.reverse()
}

/** In the order of their names: those that `from` begins with, which come behind it as keys, then `from` and all behind it. */
async function* tagsByName(
  tree: ReadableTree,
  { place }: TreeFolder,
  from: string,
  options: CallOptions,
): AsyncGenerator<TreeFolder> {
  // A text that is no name may still begin like one.
  const [name = ''] = /^[A-Za-z0-9_][A-Za-z0-9_.+-]{0,127}/.exec(from) ?? []
  for (const { index } of name.matchAll(/[+.-]|$/g)) {
    const node = await orNothing(tree.child(place, name.slice(0, index), options))
    if (node !== undefined && isTag(node)) yield node
  }
  for await (const node of pagesOf(tree, place, name || undefined, options)) if (isTag(node)) yield node
}

function isTag(node: TreeNode): node is TreeFolder {
  return node.kind === 'folder' && node.place.level === 'tag'
}

export async function orNothing<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result
  } catch (error) {
    if (error instanceof AetherError && (error.code === 'not-found' || error.code === 'invalid')) return undefined
    throw error
  }
}
