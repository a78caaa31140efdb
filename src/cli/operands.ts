// References as operands: what they must and must not have, checked before anything is asked of a hub.
import { DEFAULT_TAG, formatReference, parseReference, type Reference } from '../core/reference.ts'
import { usageError } from './errors/usage-error.ts'

/** The reference with a tag: the one it names, or "latest". */
export function withTag(text: string): string {
  const reference = parseReference(text)
  if (reference.digest !== undefined)
    throw usageError(
      `"${text}" names a digest where a tag is needed`,
      `For example ${reference.dataset}:${DEFAULT_TAG}`,
    )
  return reference.tag === undefined ? formatReference({ ...reference, tag: DEFAULT_TAG }) : text
}

/** A reference that names its tag itself, for what must not happen to "latest" by accident. */
export function withOwnTag(text: string): Reference {
  const reference = parseReference(text)
  if (reference.tag === undefined || reference.digest !== undefined)
    throw usageError(`"${text}" has to name a tag`, `For example ${reference.dataset}:${DEFAULT_TAG}`)
  return reference
}

/** "k=v" -> ["k", "v"]. */
export function parseLabels(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(texts.map(parseLabel))
}

function parseLabel(text: string): [string, string] {
  const at = text.indexOf('=')
  if (at < 1)
    throw usageError(`Cannot use "${text}" as a label`, 'A label is key=value, for example --label build=1234')
  return [text.slice(0, at), text.slice(at + 1)]
}
