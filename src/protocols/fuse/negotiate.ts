// INIT: which protocol is spoken, and how much of the kernel's cache is used.
import { INIT_FLAG, MAX_READ, MORE_FLAG, OLDEST_MINOR, PROTOCOL } from './constants.ts'
import { encodeInit, encodeOtherMajor } from './replies.ts'
import type { InitIn } from './requests.ts'

/** What is wanted of a kernel that has it. */
const WANTED =
  INIT_FLAG.asyncRead |
  INIT_FLAG.readdirplus |
  INIT_FLAG.asyncDirectIo |
  INIT_FLAG.parallelDirOps |
  INIT_FLAG.maxPages |
  INIT_FLAG.cacheSymlinks

/** Reads ahead that the kernel has under way at once, each up to MAX_READ. */
const MAX_BACKGROUND = 16

export interface Negotiated {
  /** Undefined for a kernel that is too old. */
  answer: Buffer | undefined
  /** False when the kernel asks once more, in our major version. */
  isFinal: boolean
  /** Files need not be opened at all, as any node that the kernel has can be read. */
  opensNothing: boolean
  /** The kernel reads files of this machine in the place of ours, when it is given any. */
  passesThrough: boolean
}

/** @param wantsPassthrough whether there may be files to give to the kernel, which is done when they are opened */
export function negotiate({ major, minor, maxReadahead, flags, more }: InitIn, wantsPassthrough: boolean): Negotiated {
  const refused = { answer: undefined, isFinal: true, opensNothing: false, passesThrough: false }
  if (major > PROTOCOL.major) return { ...refused, answer: encodeOtherMajor(), isFinal: false }
  if (major < PROTOCOL.major || minor < OLDEST_MINOR) return refused
  const passesThrough = wantsPassthrough && (more & MORE_FLAG.passthrough) !== 0
  const answer = encodeInit({
    maxReadahead: Math.min(maxReadahead, MAX_READ),
    flags: (flags & WANTED) | (passesThrough ? INIT_FLAG.more : 0),
    more: passesThrough ? MORE_FLAG.passthrough : 0,
    maxBackground: MAX_BACKGROUND,
  })
  return { answer, isFinal: true, opensNothing: !passesThrough && (flags & INIT_FLAG.noOpen) !== 0, passesThrough }
}
