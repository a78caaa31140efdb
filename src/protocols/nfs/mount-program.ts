// The program MOUNT, version 3: RFC 1813, appendix I. It turns a path into the first handle, and remembers nobody.
import type { AetherError } from '../../core/errors.ts'
import type { Export } from './export.ts'
import type { Nodes } from './nodes.ts'
import { NfsError, type Procedure, type Program, STATUS, type Status, statusOf } from './program.ts'
import { AUTH_NONE, AUTH_SYS } from './rpc-message.ts'
import type { XdrReader } from './xdr-reader.ts'

export const MOUNT_PROGRAM = 100005
export const MOUNT_VERSION = 3

const MAX_PATH = 1024
const FLAVORS = [AUTH_SYS, AUTH_NONE]

export interface MountDeps {
  nodes: Nodes
  exported: Export
  /** Hears of each path that was mounted, as it is below the export. */
  onMount(path: string): void
}

export function mountProgram({ nodes, exported, onMount }: MountDeps): Program {
  return {
    name: 'mount',
    number: MOUNT_PROGRAM,
    version: MOUNT_VERSION,
    statusOf: mountStatusOf,
    procedures: [
      { name: 'NULL', read: () => ({ write: () => {} }) },
      mount({ nodes, exported, onMount }),
      { name: 'DUMP', read: () => ({ write: (out) => void out.bool(false) }) }, // who has mounted what: not known
      unmount('UMNT', readPath),
      unmount('UMNTALL', () => {}),
      listExports(exported),
    ],
  }
}

function mount({ nodes, exported, onMount }: MountDeps): Procedure {
  return {
    name: 'MNT',
    failureWords: 0,
    read(args) {
      const path = readPath(args)
      return {
        async write(out, signal) {
          const parts = exported.partsIn(path)
          const node = await nodes.tree.find(parts, { signal })
          if (node.kind !== 'folder')
            throw new NfsError(STATUS.notFolder, 'invalid', 'What is to be mounted is no folder')
          onMount(`/${parts.join('/')}`)
          out.opaque(nodes.handleOf(node).handle).u32(FLAVORS.length)
          for (const flavor of FLAVORS) out.u32(flavor)
        },
      }
    },
  }
}

function unmount(name: string, readArgs: (args: XdrReader) => void): Procedure {
  return {
    name,
    read(args) {
      readArgs(args)
      return { write: () => {} }
    },
  }
}

function listExports({ listed }: Export): Procedure {
  return {
    name: 'EXPORT',
    read: () => ({
      write(out) {
        if (listed !== undefined) out.bool(true).opaque(Buffer.from(listed)).bool(false) // for all groups
        out.bool(false)
      },
    }),
  }
}

/** Clients of MOUNT cannot be told to come back. */
function mountStatusOf(error: AetherError): Status {
  const status = statusOf(error)
  return status === STATUS.tryLater ? STATUS.serverFault : status
}

function readPath(args: XdrReader): string {
  return Buffer.from(args.opaque(MAX_PATH)).toString()
}
