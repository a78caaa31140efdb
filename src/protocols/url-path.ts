// Paths of URLs as lists of decoded segments. Nothing that could mean another place than it seems to gets through.
import { AetherError } from '../core/errors.ts'

/**
 * The decoded segments of a path that begins with "/".
 * @throws {AetherError} `invalid` for malformed percent-encoding, dot segments and control characters.
 */
export function decodePath(path: string): string[] {
  if (!path.startsWith('/'))
    throw new AetherError('invalid', `Cannot use "${path}" as a path: it does not begin with "/"`)
  return path.slice(1).split('/').map(decodeSegment)
}

function decodeSegment(raw: string): string {
  const text = decodePercent(raw)
  if (text === '.' || text === '..')
    throw new AetherError('invalid', `The path has a segment "${text}", which is not taken`)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  if (/[\x00-\x1f\x7f\\]/.test(text))
    throw new AetherError('invalid', `The path segment "${raw}" has control characters or "\\" in it`)
  return text
}

/** @throws {AetherError} `invalid` */
export function decodePercent(raw: string): string {
  try {
    return decodeURIComponent(raw)
  } catch (cause) {
    throw new AetherError('invalid', `Cannot read "${raw}": its percent-encoding is malformed`, { cause })
  }
}
