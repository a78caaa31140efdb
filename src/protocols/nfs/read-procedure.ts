// READ of RFC 1813. The bytes go out as the tree gives them, without a copy.
import { AetherError } from '../../core/errors.ts'
import type { TreeFile, TreeNode } from '../../dataset/tree/readable-tree.ts'
import { orStale } from './handles.ts'
import { READ_BYTES } from './limits.ts'
import { type Nodes, readHandle } from './nodes.ts'
import { NfsError, type Procedure, STATUS } from './program.ts'

export function readFile(nodes: Nodes): Procedure {
  return {
    name: 'READ',
    failureWords: 1,
    read(args) {
      const handle = readHandle(args)
      const offset = args.u64()
      const count = Math.min(args.u32(), READ_BYTES)
      return {
        bytes: count,
        async write(out, signal) {
          const file = fileIn(await nodes.at(handle, { signal }))
          const range = rangeIn(file, offset, count)
          const pieces = range.length === 0 ? [] : await orStale(gather(nodes, file, range, signal))
          nodes.writeAttributes(out, file)
          out.u32(range.length).bool(range.offset + range.length === file.size)
          out.opaqueOf(pieces)
        },
      }
    },
  }
}

interface Range {
  offset: number
  length: number
}

function rangeIn({ size }: TreeFile, offset: bigint, count: number): Range {
  if (offset >= BigInt(size)) return { offset: size, length: 0 }
  return { offset: Number(offset), length: Math.min(count, size - Number(offset)) }
}

/** All of it, since its length has to be told first. */
async function gather({ tree }: Nodes, file: TreeFile, range: Range, signal: AbortSignal): Promise<Uint8Array[]> {
  const pieces: Uint8Array[] = []
  let length = 0
  for await (const piece of tree.read(file.place, range, { signal })) {
    pieces.push(piece)
    length += piece.length
  }
  if (length !== range.length)
    throw new AetherError('internal', `A file gave ${length} bytes where ${range.length} were asked for`)
  return pieces
}

function fileIn(node: TreeNode): TreeFile {
  if (node.kind === 'file') return node
  throw node.kind === 'folder'
    ? new NfsError(STATUS.isFolder, 'invalid', 'A folder cannot be read as a file')
    : new NfsError(STATUS.invalid, 'invalid', 'A link cannot be read as a file')
}
