// What a file system's refusals mean for a store, said so that an operator knows what to do.
import { AetherError, type ErrorCode, systemCode, toAetherError } from '../../core/errors.ts'

interface Meaning {
  code: ErrorCode
  reason: string
  hint?: string
}

const NO_PERMISSION: Meaning = {
  // Of the store, not of the caller: "denied" would tell a client that its rights are too few.
  code: 'unavailable',
  reason: 'the file system does not permit it',
  hint: 'Give the user that runs this read and write permission on the folder of the store',
}
const TOO_MANY_FILES: Meaning = {
  code: 'unavailable',
  reason: 'too many files are open',
  hint: 'Raise the limit of open files (ulimit -n)',
}
const SERVER_AWAY: Meaning = {
  code: 'unavailable',
  reason: 'the file server does not answer or has forgotten the file',
}
const BOTH_KINDS: Meaning = {
  code: 'invalid',
  reason: 'a key cannot be an object and the beginning of other keys at once',
}
const NO_HARD_LINKS: Meaning = {
  code: 'internal',
  reason: 'its file system has no hard links, by which objects are written once',
  hint: 'Put the store on another file system',
}

const MEANINGS: Record<string, Meaning> = {
  EACCES: NO_PERMISSION,
  EPERM: { ...NO_PERMISSION, reason: 'the file system does not permit it, or has no hard links' }, // FAT says so
  EROFS: {
    code: 'unavailable',
    reason: 'the file system is read-only',
    hint: 'Mount it for writing; a disk with errors turns read-only',
  },
  EIO: {
    code: 'unavailable',
    reason: 'the disk failed',
    hint: 'Look for disk errors in the system log and check the store',
  },
  EXDEV: {
    code: 'internal',
    reason: 'a folder of the store is on another file system',
    hint: 'Keep the store on one file system',
  },
  ENOSYS: NO_HARD_LINKS,
  ENOTSUP: NO_HARD_LINKS,
  EOPNOTSUPP: NO_HARD_LINKS,
  EMFILE: TOO_MANY_FILES,
  ENFILE: TOO_MANY_FILES,
  ESTALE: SERVER_AWAY,
  ETIMEDOUT: SERVER_AWAY,
  EHOSTDOWN: SERVER_AWAY,
  EISDIR: BOTH_KINDS,
  ENOTDIR: BOTH_KINDS,
  ENOTEMPTY: BOTH_KINDS,
  ENAMETOOLONG: { code: 'invalid', reason: 'its path is too long for the file system' },
  ENOENT: { code: 'internal', reason: 'the folder of the store, or a file in the making, was removed' },
}

/** `doing` is what failed, as in `Cannot write "key"`. */
export function explain(error: unknown, doing: string): AetherError {
  const meaning = MEANINGS[systemCode(error) ?? '']
  if (meaning === undefined) return toAetherError(error)
  return new AetherError(meaning.code, `${doing}: ${meaning.reason}`, { cause: error, hint: meaning.hint })
}

/** True for the errors that say that there is no such file. */
export function isMissing(error: unknown): boolean {
  const code = systemCode(error)
  return code === 'ENOENT' || code === 'ENOTDIR'
}
