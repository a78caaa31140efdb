// Nodes of the tree as NFS has them: by handles, with numbers, and with a way up.
import type { CallOptions } from '../../core/dataset.ts'
import { parseDatasetName } from '../../core/names.ts'
import type { Place, ReadableTree, TreeFolder, TreeNode } from '../../dataset/tree/readable-tree.ts'
import { type Identity, writePresentAttributes } from './attributes.ts'
import { MAX_HANDLE_BYTES, type SignedPlace } from './handle-codec.ts'
import { createHandles, type Handles, orStale } from './handles.ts'
import { NfsError, STATUS } from './program.ts'
import type { XdrReader } from './xdr-reader.ts'
import type { XdrWriter } from './xdr-writer.ts'

export interface Nodes {
  tree: ReadableTree
  names: Handles['names']
  handleOf(node: TreeNode): SignedPlace
  /** @throws {NfsError} `badHandle`, `stale` */
  at(handle: Uint8Array, options?: CallOptions): Promise<TreeNode>
  /** @throws {NfsError} `notFolder` too */
  folderAt(handle: Uint8Array, options?: CallOptions): Promise<TreeFolder>
  /** The root is above itself. */
  above(folder: TreeFolder, options?: CallOptions): Promise<TreeNode>
  identityOf(node: TreeNode): Identity
  /** Present attributes behind a result (post_op_attr). */
  writeAttributes(out: XdrWriter, node: TreeNode): void
}

export function createNodes(tree: ReadableTree, key: Uint8Array): Nodes {
  const handles = createHandles(tree, key)
  const signed = new WeakMap<TreeNode, SignedPlace>() // an entry of a page asks for it several times
  const fileSystemId = handles.of({ level: 'root' }).fileId

  async function at(handle: Uint8Array, options?: CallOptions): Promise<TreeNode> {
    return orStale(tree.at(await handles.placeOf(handle), options))
  }

  function handleOf(node: TreeNode): SignedPlace {
    const known = signed.get(node) ?? handles.of(node.place)
    signed.set(node, known)
    return known
  }

  function identityOf(node: TreeNode): Identity {
    return { fileId: handleOf(node).fileId, fileSystemId }
  }

  return {
    tree,
    names: handles.names,
    handleOf,
    at,
    async folderAt(handle, options) {
      const node = await at(handle, options)
      if (node.kind !== 'folder') throw new NfsError(STATUS.notFolder, 'invalid', 'A handle is not of a folder')
      return node
    },
    above: ({ place }, options) => orStale(tree.at(placeAbove(place), options)),
    identityOf,
    writeAttributes: (out, node) => writePresentAttributes(out, node, identityOf(node)),
  }
}

export function readHandle(args: XdrReader): Uint8Array {
  return args.opaque(MAX_HANDLE_BYTES)
}

function placeAbove(place: Place): Place {
  switch (place.level) {
    case 'root':
    case 'scope':
      return { level: 'root' }
    case 'dataset':
      return placeAboveDataset(place.dataset)
    case 'digests':
    case 'tag':
      return { level: 'dataset', dataset: place.dataset }
    case 'snapshot':
      if (place.depth === 0) return { level: 'digests', dataset: place.dataset }
      return place.depth === 1 ? { ...place, index: 0, depth: 0 } : { ...place, depth: place.depth - 1 }
  }
}

function placeAboveDataset(name: string): Place {
  const [scope, rest] = parseDatasetName(name).split('/')
  return rest === undefined ? { level: 'root' } : { level: 'scope', scope: scope! }
}
