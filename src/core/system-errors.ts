// What an operating system's refusals mean for a user: what to call them, and what to do.

export interface SystemMeaning {
  words: string
  hint: string
}

const FULL: SystemMeaning = { words: 'The disk is full', hint: 'Free some space and run the same command again' }
const DENIED: SystemMeaning = {
  words: 'The operating system does not permit it',
  hint: 'Give this user permission to read and write there, or name another folder',
}
const TOO_MANY_FILES: SystemMeaning = {
  words: 'Too many files are open',
  hint: 'Raise the limit of open files (ulimit -n) and run the same command again',
}

const MEANINGS: Readonly<Record<string, SystemMeaning>> = {
  ENOSPC: FULL,
  EDQUOT: FULL,
  EFBIG: FULL,
  EIO: {
    words: 'The disk failed',
    hint: 'Look for disk errors in the log of the system, and run the same command again when the disk works',
  },
  EROFS: {
    words: 'The file system is read-only',
    hint: 'Mount it for writing, or name another folder; a disk with errors turns read-only',
  },
  EACCES: DENIED,
  EPERM: DENIED,
  EMFILE: TOO_MANY_FILES,
  ENFILE: TOO_MANY_FILES,
}

/** Undefined for codes that say something of the case at hand and nothing in general. */
export function systemMeaning(code: string | undefined): SystemMeaning | undefined {
  return code === undefined ? undefined : MEANINGS[code]
}

/** Codes that mean that a disk or a quota is full. */
export function isFull(code: string | undefined): boolean {
  return systemMeaning(code) === FULL
}
