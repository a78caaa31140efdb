// Which paths a snapshot may hold, and their order. Rules: docs/format.md, section 2.
import { AetherError } from './errors.ts'

/** Longest path, in bytes of UTF-8. */
export const MAX_PATH_BYTES = 4096
/** Longest part of a path, in bytes of UTF-8. */
export const MAX_PART_BYTES = 255
/** Longest target of a symbolic link, in bytes of UTF-8. */
export const MAX_TARGET_BYTES = 4095

/**
 * A path in a snapshot: relative, parts joined by "/", none of them empty, "." or "..", no NUL, well-formed Unicode.
 * @throws {AetherError} `invalid`, with the path and the reason.
 */
export function checkPath(path: string): void {
  const reason = pathFault(path)
  if (reason !== undefined)
    throw new AetherError('invalid', `Cannot take the path ${JSON.stringify(path.slice(0, 200))}: ${reason}`)
}

function pathFault(path: string): string | undefined {
  if (path === '') return 'it is empty'
  if (path.startsWith('/')) return 'it is absolute'
  if (path.includes('\0')) return 'it has a NUL character'
  if (!path.isWellFormed()) return 'it is not valid Unicode'
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) return `it is over ${MAX_PATH_BYTES} bytes long`
  return path.split('/').map(partFault).find(Boolean)
}

function partFault(part: string): string | undefined {
  if (part === '') return 'a part of it is empty'
  if (part === '.' || part === '..') return `a part of it is "${part}"`
  if (part.length * 3 > MAX_PART_BYTES && Buffer.byteLength(part) > MAX_PART_BYTES)
    return `a part of it is over ${MAX_PART_BYTES} bytes long`
  return undefined
}

/**
 * True when a link at `path` with this target stays inside the snapshot: the target is relative and does not climb
 * above the snapshot's root.
 */
export function linkStaysInside(path: string, target: string): boolean {
  if (target === '' || target.startsWith('/') || target.includes('\0')) return false
  let depth = path.split('/').length - 1
  for (const part of target.split('/')) {
    if (part === '..') depth--
    else if (part !== '' && part !== '.') depth++
    if (depth < 0) return false
  }
  return true
}

const SURROGATE = /[\uD800-\uDFFF]/

/** Order of the UTF-8 bytes of two strings. JavaScript's own order differs where characters beyond U+FFFF meet U+E000 to U+FFFF. */
export function compareBytes(a: string, b: string): number {
  if (SURROGATE.test(a) || SURROGATE.test(b)) return Buffer.compare(Buffer.from(a), Buffer.from(b))
  return a < b ? -1 : a > b ? 1 : 0
}
