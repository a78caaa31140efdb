// The names in one folder, in byte order.
import { isUtf8 } from 'node:buffer'
import { readdirSync } from 'node:fs'
import { compareBytes } from '../../core/path.ts'
import { escapeBytes } from './names.ts'

export interface InvalidName {
  /** Its bytes, escaped where they are not ASCII. */
  shown: string
  /** As decoding garbles it; good enough to be excluded by. */
  garbled: string
}

export interface FolderNames {
  names: string[]
  /** Those that are not valid UTF-8; not among the names. */
  invalid: InvalidName[]
}

/** @throws the system's error when the folder cannot be read. */
export function readNames(folder: string): FolderNames {
  // Without types: the walk looks at every entry anyway, and twenty thousand Dirent objects cost more than some folders.
  const names = readdirSync(folder)
  // Of ASCII, which nearly all names are, nothing is garbled and JavaScript's own order is that of the bytes.
  if (isAscii(names)) return { names: names.sort(), invalid: [] }
  names.sort(compareBytes)
  // U+FFFD stands for bytes that could not be decoded, or for itself: only the bytes tell.
  if (!names.some((name) => name.includes('\uFFFD'))) return { names, invalid: [] }
  const invalid = readInvalid(folder)
  const garbled = new Set(invalid.map((name) => name.garbled))
  return { names: names.filter((name) => !garbled.has(name)), invalid }
}

function isAscii(names: string[]): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII is meant
  return !/[^\x00-\x7f]/.test(names.join(''))
}

function readInvalid(folder: string): InvalidName[] {
  const names = readdirSync(folder, { encoding: 'buffer' }).filter((name) => !isUtf8(name))
  return names.map((name) => ({ shown: escapeBytes(name), garbled: name.toString('utf8') }))
}
