// Paths of URLs as paths of the tree. A name in a dataset may have any character but "/" and NUL, so more goes than elsewhere.
import { AetherError } from '../core/errors.ts'
import { MAX_PATH_BYTES } from '../core/path.ts'
import { decodePercent } from './url-path.ts'

/** Longest path, in bytes: the longest that a snapshot has, and what stands above it. */
const MAX_BYTES = MAX_PATH_BYTES + 512

/**
 * The decoded parts of what stands below a door, without a slash at the end: "geo/latest/a%20b/" is "geo", "latest", "a b".
 * @throws {AetherError} `invalid` for what no file can be called; `too-large`
 */
export function decodeTreePath(raw: string): string[] {
  // Percent-encoding makes it three times as long at most.
  if (raw.length > 3 * MAX_BYTES) throw tooLong()
  const trimmed = raw.replace(/^\//, '').replace(/\/$/, '')
  const parts = trimmed === '' ? [] : trimmed.split('/').map(decodePart)
  if (Buffer.byteLength(parts.join('/')) > MAX_BYTES) throw tooLong()
  return parts
}

function decodePart(raw: string): string {
  const part = decodePercent(raw)
  if (part === '' || part === '.' || part === '..' || /[/\0]/.test(part))
    throw new AetherError('invalid', `The path has a part "${raw}", which no file is called`)
  return part
}

function tooLong(): AetherError {
  return new AetherError('too-large', `The path is longer than ${MAX_BYTES} bytes`)
}
