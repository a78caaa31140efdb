// From a path to the file or folder that it means: links are followed here, on the server, as a file system does.
import type { CallOptions } from '../../../core/dataset.ts'
import { AetherError } from '../../../core/errors.ts'
import { MAX_PATH_BYTES } from '../../../core/path.ts'
import {
  BY_DIGEST,
  fixed,
  type Place,
  type ReadableTree,
  type TreeFile,
  type TreeFolder,
  type TreeLink,
  type TreeNode,
} from '../../../dataset/tree/readable-tree.ts'

/** Links on the way to one file, as Linux has it; who needs more goes round in circles. */
const MAX_LINKS = 40
/** A path in a snapshot, with scope, name and tag in front. */
const MAX_BYTES = MAX_PATH_BYTES + 512

/**
 * @param path decoded parts
 * @throws {AetherError} `not-found`, also for links that lead nowhere or in circles
 */
export async function resolvePath(
  tree: ReadableTree,
  path: readonly string[],
  options: CallOptions,
): Promise<TreeFile | TreeFolder> {
  if (path.includes('') || Buffer.byteLength(path.join('/')) > MAX_BYTES) throw nothingAt(path)
  const found = await findDirectly(tree, path, options)
  return found === undefined || found.kind === 'link' ? followLinks(tree, path, options) : found
}

/** True when a path leads to a snapshot by its digest, so that what is there never changes. */
export function isByDigest(path: readonly string[], { place }: TreeNode): boolean {
  return 'dataset' in place && path[place.dataset.split('/').length] === BY_DIGEST
}

/** Undefined when it is not there, or lies behind a link. */
async function findDirectly(
  tree: ReadableTree,
  path: readonly string[],
  options: CallOptions,
): Promise<TreeNode | undefined> {
  try {
    return await tree.find(path, options)
  } catch (error) {
    if (error instanceof AetherError && error.code === 'not-found') return undefined
    throw error
  }
}

async function followLinks(
  tree: ReadableTree,
  path: readonly string[],
  options: CallOptions,
): Promise<TreeFile | TreeFolder> {
  const folders = [(await tree.find([], options)) as TreeFolder]
  const todo = path.toReversed()
  let links = 0
  while (todo.length > 0) {
    const part = todo.pop()!
    const folder = folders.at(-1)!
    if (part === '' || part === '.') continue // in targets of links
    if (part === '..') {
      if (!isBelowRoot(folder.place)) throw nothingAt(path)
      folders.pop()
      continue
    }
    // From the first look on it is one version, whatever becomes of the tag.
    const node = await tree.child(fixed(folder), part, options)
    if (node.kind === 'folder') folders.push(node)
    else if (node.kind === 'link') todo.push(...partsOf(node, ++links, path))
    else if (todo.length === 0) return node
    else throw nothingAt(path)
  }
  return folders.at(-1)!
}

/** Parts of a link's target, the last one first. */
function partsOf({ target }: TreeLink, links: number, path: readonly string[]): string[] {
  if (links > MAX_LINKS) throw nothingAt(path, `over ${MAX_LINKS} links lead to each other`)
  return target.split('/').reverse()
}

/** A link leads to no place above the root of its snapshot. */
function isBelowRoot(place: Place): boolean {
  return place.level === 'snapshot' && place.depth > 0
}

function nothingAt(path: readonly string[], reason = 'no such file or folder'): AetherError {
  return new AetherError('not-found', `There is nothing at "/${path.join('/').slice(0, 300)}": ${reason}`)
}
