// GETATTR, LOOKUP, ACCESS and READLINK of RFC 1813.
import type { TreeFolder, TreeNode } from '../../dataset/tree/readable-tree.ts'
import { writeAttributes } from './attributes.ts'
import { MAX_NAME_BYTES } from './limits.ts'
import { type Nodes, readHandle } from './nodes.ts'
import { NfsError, type Procedure, STATUS } from './program.ts'

const ACCESS = { read: 0x01, lookUp: 0x02, execute: 0x20 } as const
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
/** More is no name, but a fault. */
const MAX_NAME_READ = 4096

export function getAttributes(nodes: Nodes): Procedure {
  return {
    name: 'GETATTR',
    failureWords: 0,
    read(args) {
      const handle = readHandle(args)
      return {
        async write(out, signal) {
          const node = await nodes.at(handle, { signal })
          writeAttributes(out, node, nodes.identityOf(node))
        },
      }
    },
  }
}

export function lookUp(nodes: Nodes): Procedure {
  async function find(folder: TreeFolder, bytes: Uint8Array, signal: AbortSignal): Promise<TreeNode> {
    const name = nameIn(bytes)
    if (name === '.') return folder
    if (name === '..') return nodes.above(folder, { signal })
    return nodes.tree.child(folder.place, name, { signal })
  }

  return {
    name: 'LOOKUP',
    failureWords: 1,
    read(args) {
      const handle = readHandle(args)
      const name = args.opaque(MAX_NAME_READ)
      return {
        async write(out, signal) {
          const folder = await nodes.folderAt(handle, { signal })
          const node = await find(folder, name, signal)
          out.opaque(nodes.handleOf(node).handle)
          nodes.writeAttributes(out, node)
          nodes.writeAttributes(out, folder)
        },
      }
    },
  }
}

export function mayAccess(nodes: Nodes): Procedure {
  return {
    name: 'ACCESS',
    failureWords: 1,
    read(args) {
      const handle = readHandle(args)
      const wanted = args.u32()
      return {
        async write(out, signal) {
          const node = await nodes.at(handle, { signal })
          nodes.writeAttributes(out, node)
          out.u32(wanted & allowed(node))
        },
      }
    },
  }
}

export function readLink(nodes: Nodes): Procedure {
  return {
    name: 'READLINK',
    failureWords: 1,
    read(args) {
      const handle = readHandle(args)
      return {
        async write(out, signal) {
          const node = await nodes.at(handle, { signal })
          if (node.kind !== 'link') throw new NfsError(STATUS.invalid, 'invalid', 'A handle is not of a link')
          nodes.writeAttributes(out, node)
          out.opaque(Buffer.from(node.target))
        },
      }
    },
  }
}

function nameIn(bytes: Uint8Array): string {
  if (bytes.length > MAX_NAME_BYTES)
    throw new NfsError(STATUS.nameTooLong, 'invalid', `A name has over ${MAX_NAME_BYTES} bytes`)
  try {
    return UTF8.decode(bytes)
  } catch (cause) {
    throw new NfsError(STATUS.noEntry, 'not-found', 'There can be no such name', cause)
  }
}

function allowed(node: TreeNode): number {
  if (node.kind === 'folder') return ACCESS.read | ACCESS.lookUp | ACCESS.execute
  return node.kind === 'file' && node.executable ? ACCESS.read | ACCESS.execute : ACCESS.read
}
