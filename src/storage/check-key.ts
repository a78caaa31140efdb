// Which keys a store takes. One rule for all backends, so that what works in memory works in a folder and in S3.
import { AetherError } from '../core/errors.ts'
import { MAX_KEY_BYTES } from './storage.ts'

/** Longest part of a key between slashes, in bytes of UTF-8: what file systems take as one name. */
export const MAX_KEY_PART_BYTES = 255

/**
 * Parts joined by "/": none of them empty or beginning with ".", no NUL, no backslash, well-formed Unicode.
 * @throws {AetherError} `invalid`, with the key and the reason.
 */
export function checkKey(key: string): void {
  const reason = keyFault(key)
  if (reason !== undefined) throw refused('key', key, reason)
}

/**
 * What keys may begin with: nothing, whole parts, or whole parts and the beginning of one more.
 * @throws {AetherError} `invalid`, with the prefix and the reason.
 */
export function checkPrefix(prefix: string): void {
  if (prefix === '') return
  const reason = keyFault(prefix.endsWith('/') ? prefix.slice(0, -1) : prefix)
  if (reason !== undefined) throw refused('prefix', prefix, reason)
}

export function isKey(key: string): boolean {
  return keyFault(key) === undefined
}

function keyFault(key: string): string | undefined {
  if (key.includes('\0')) return 'it has a NUL character'
  if (key.includes('\\')) return 'it has a backslash'
  if (!key.isWellFormed()) return 'it is not valid Unicode'
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) return `it is over ${MAX_KEY_BYTES} bytes long`
  return key.split('/').map(partFault).find(Boolean)
}

function partFault(part: string): string | undefined {
  if (part === '') return 'a part of it is empty'
  if (part.startsWith('.')) return 'a part of it begins with "."' // "." and "..", and what a backend keeps for itself
  if (Buffer.byteLength(part) > MAX_KEY_PART_BYTES) return `a part of it is over ${MAX_KEY_PART_BYTES} bytes long`
  return undefined
}

function refused(what: string, text: string, reason: string): AetherError {
  return new AetherError('invalid', `Cannot take the ${what} ${JSON.stringify(text.slice(0, 200))}: ${reason}`)
}
