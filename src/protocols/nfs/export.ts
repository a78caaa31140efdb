// What may be mounted: the whole tree as "/", or the same below a path that nobody can guess.
import { timingSafeEqual } from 'node:crypto'
import { AetherError } from '../../core/errors.ts'
import { sha256Hex } from '../../core/id.ts'
import { NfsError, STATUS } from './program.ts'

export interface Export {
  /** What everybody may know of; undefined for a secret path. */
  listed: string | undefined
  /** Parts of a path in the tree. @throws {NfsError} `access` for a path that is not below the export, whatever it is */
  partsIn(path: string): string[]
}

/** @throws {AetherError} `invalid` for a path that could be guessed, or is no single name */
export function checkSecretPath(secret: string): void {
  if (!/^[\w.~-]{16,128}$/.test(secret) || /^\.+$/.test(secret))
    throw new AetherError(
      'invalid',
      'Cannot use a path for NFS: it has to be 16 to 128 letters, digits, "_", ".", "~" or "-"',
      {
        hint: 'openssl rand -hex 16 makes one that nobody can guess',
      },
    )
}

export function createExport(secret: string | undefined): Export {
  if (secret === undefined) return { listed: '/', partsIn: split }
  return {
    listed: undefined,
    partsIn(path) {
      const [first = '', ...rest] = split(path)
      if (!isSame(first, secret)) throw new NfsError(STATUS.access, 'denied', 'That path is not exported')
      return rest
    },
  }
}

function split(path: string): string[] {
  return path.split('/').filter((part) => part !== '')
}

/** In a time that does not depend on where they differ. */
function isSame(a: string, b: string): boolean {
  return timingSafeEqual(Buffer.from(sha256Hex(a)), Buffer.from(sha256Hex(b)))
}
