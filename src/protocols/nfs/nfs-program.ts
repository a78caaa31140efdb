// The program NFS, version 3: RFC 1813, section 3.

import { commit, fileSystemInfo, fileSystemStatus, pathLimits } from './file-system-procedures.ts'
import { readFolder, readFolderPlus } from './folder-procedures.ts'
import { getAttributes, lookUp, mayAccess, readLink } from './look-procedures.ts'
import { type Nodes, readHandle } from './nodes.ts'
import { NfsError, type Procedure, type Program, STATUS, statusOf } from './program.ts'
import { readFile } from './read-procedure.ts'

export const NFS_PROGRAM = 100003
export const NFS_VERSION = 3

export function nfsProgram(nodes: Nodes): Program {
  return {
    name: 'nfs',
    number: NFS_PROGRAM,
    version: NFS_VERSION,
    statusOf,
    procedures: [
      { name: 'NULL', read: () => ({ write: () => {} }) },
      getAttributes(nodes),
      refused('SETATTR', 2),
      lookUp(nodes),
      mayAccess(nodes),
      readLink(nodes),
      readFile(nodes),
      refused('WRITE', 2),
      refused('CREATE', 2),
      refused('MKDIR', 2),
      refused('SYMLINK', 2),
      refused('MKNOD', 2),
      refused('REMOVE', 2),
      refused('RMDIR', 2),
      refused('RENAME', 4), // of two folders
      refused('LINK', 3), // of the file, and of the folder
      readFolder(nodes),
      readFolderPlus(nodes),
      fileSystemStatus(nodes),
      fileSystemInfo(nodes),
      pathLimits(nodes),
      commit(),
    ],
  }
}

/** A procedure that would change something. Its other arguments do not matter. */
function refused(name: string, failureWords: number): Procedure {
  return {
    name,
    failureWords,
    read(args) {
      readHandle(args)
      return {
        write() {
          throw new NfsError(STATUS.readOnly, 'denied', 'Nothing can be changed over NFS')
        },
      }
    },
  }
}
