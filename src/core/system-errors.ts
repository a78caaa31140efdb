// What an operating system's refusals are called, what they mean for a user, and what to do.

export interface SystemMeaning {
  words: string
  hint: string
}

const FULL: SystemMeaning = { words: 'The disk is full', hint: 'Free some space and run the same command again' }
const FAILED: SystemMeaning = {
  words: 'The disk failed',
  hint: 'Look for disk errors in the log of the system, and run the same command again when the disk works',
}
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
  EIO: FAILED,
  EUCLEAN: FAILED,
  EROFS: {
    words: 'The file system is read-only',
    hint: 'Mount it for writing, or name another folder; a disk with errors turns read-only',
  },
  ESTALE: {
    words: 'The file server has forgotten the file',
    hint: 'Run the same command again; if it stays so, mount the file system anew',
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

/** Whether a disk or a quota is full. */
export function isFull(code: string | undefined): boolean {
  return systemMeaning(code) === FULL
}

/** Names of errors for which Node has no name, by their number. BSD and macOS count alike. */
const UNNAMED: Readonly<Record<string, readonly [name: string, text: string]>> =
  process.platform === 'linux'
    ? {
        37: ['ENOLCK', 'no locks available'],
        116: ['ESTALE', 'stale file handle'],
        117: ['EUCLEAN', 'structure needs cleaning'],
        122: ['EDQUOT', 'disk quota exceeded'],
      }
    : {
        69: ['EDQUOT', 'disk quota exceeded'],
        70: ['ESTALE', 'stale file handle'],
        77: ['ENOLCK', 'no locks available'],
      }

const UNKNOWN = /^Unknown system error -(\d+)/

/** The name of an error of which Node knows the number only, else what Node calls it. */
export function systemName(code: string): string {
  return UNNAMED[UNKNOWN.exec(code)?.[1] ?? '']?.[0] ?? code
}

/** A message of Node's with the name and the text that it lacks. */
export function systemText(message: string): string {
  const [name, text] = UNNAMED[UNKNOWN.exec(message)?.[1] ?? ''] ?? []
  return name === undefined ? message : message.replace(/^[^,]*/, `${name}: ${text}`)
}
