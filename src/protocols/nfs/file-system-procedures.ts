// FSSTAT, FSINFO, PATHCONF and COMMIT of RFC 1813: what is told of the whole file system.
import { FOLDER_BYTES, MAX_NAME_BYTES, READ_BYTES, WRITE_BYTES } from './limits.ts'
import { type Nodes, readHandle } from './nodes.ts'
import type { Procedure } from './program.ts'
import type { XdrWriter } from './xdr-writer.ts'

const PAGE = 4096
const MAX_FILE_SIZE = 2n ** 63n - 1n
const MICROSECOND = 1000
/** FSF3_SYMLINK and FSF3_HOMOGENEOUS: there are symbolic links, and PATHCONF says the same everywhere. */
const PROPERTIES = 0x02 | 0x08
const WRITE_VERIFIER = new Uint8Array(8)

/** Sizes are not told: they would be those of all datasets together. */
export function fileSystemStatus(nodes: Nodes): Procedure {
  return about(nodes, 'FSSTAT', (out) => {
    for (let field = 0; field < 6; field++) out.u64(0n) // bytes and files: all, free, and free for this user
    out.u32(0) // seconds for which that holds
  })
}

export function fileSystemInfo(nodes: Nodes): Procedure {
  return about(nodes, 'FSINFO', (out) => {
    out.u32(READ_BYTES).u32(READ_BYTES).u32(PAGE) // of a READ: at most, best, multiples of
    out.u32(WRITE_BYTES).u32(WRITE_BYTES).u32(PAGE)
    out.u32(FOLDER_BYTES).u64(MAX_FILE_SIZE)
    out.u32(0).u32(MICROSECOND) // precision of times
    out.u32(PROPERTIES)
  })
}

export function pathLimits(nodes: Nodes): Procedure {
  return about(nodes, 'PATHCONF', (out) => {
    out.u32(1).u32(MAX_NAME_BYTES) // links to a file, bytes of a name
    out.bool(true).bool(true) // longer names are refused; nobody gives files away
    out.bool(false).bool(true) // case counts, and is kept
  })
}

/** Nothing was written, so all of that is on disk. */
export function commit(): Procedure {
  return {
    name: 'COMMIT',
    failureWords: 2,
    read(args) {
      readHandle(args)
      args.u64()
      args.u32()
      return { write: (out) => void out.u32(0).u32(0).fixed(WRITE_VERIFIER) }
    },
  }
}

function about(nodes: Nodes, name: string, writeFacts: (out: XdrWriter) => void): Procedure {
  return {
    name,
    failureWords: 1,
    read(args) {
      const handle = readHandle(args)
      return {
        async write(out, signal) {
          nodes.writeAttributes(out, await nodes.at(handle, { signal }))
          writeFacts(out)
        },
      }
    },
  }
}
