// From a path to the file or folder that it means: links are followed here, on the server, as a file system does.
import type { CallOptions } from '../../../core/dataset.ts'
import { AetherError } from '../../../core/errors.ts'
import { MAX_PATH_BYTES } from '../../../core/path.ts'
import type { ReadableTree, TreeFile, TreeFolder } from '../../../dataset/tree/readable-tree.ts'
import { resolve } from '../../follow-links.ts'

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
  if (path.includes('') || Buffer.byteLength(path.join('/')) > MAX_BYTES)
    throw new AetherError('not-found', `There is nothing at "/${path.join('/').slice(0, 300)}"`)
  return resolve(tree, path, options)
}
