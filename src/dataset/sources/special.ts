// Entries that a snapshot does not hold: sockets, pipes, devices and links that leave it.
import { constants } from 'node:fs'
import { linkStaysInside, MAX_TARGET_BYTES } from '../../core/path.ts'
import { quote } from './offences.ts'

/** What a file mode says that it is, if that is special; else undefined. */
export function specialReason(mode: number): string | undefined {
  switch (mode & constants.S_IFMT) {
    case constants.S_IFSOCK:
      return 'it is a socket'
    case constants.S_IFIFO:
      return 'it is a named pipe'
    case constants.S_IFCHR:
      return 'it is a character device'
    case constants.S_IFBLK:
      return 'it is a block device'
    default:
      return undefined
  }
}

/** Why a link cannot be taken; undefined when it can. */
export function linkReason(path: string, target: string): string | undefined {
  if (target === '') return 'it is a link without a target'
  if (Buffer.byteLength(target) > MAX_TARGET_BYTES)
    return `it is a link whose target is over ${MAX_TARGET_BYTES} bytes long`
  if (target.startsWith('/')) return `it is a link to the absolute path ${quote(target)}`
  if (!linkStaysInside(path, target)) return `it is a link that leaves the folder, to ${quote(target)}`
  return undefined
}
