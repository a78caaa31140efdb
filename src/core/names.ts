// Names of datasets and tags, and the one rule that tells versions from channels.
import { AetherError } from './errors.ts'

declare const brand: unique symbol
/** "name" or "@scope/name". */
export type DatasetName = string & { readonly [brand]: 'DatasetName' }
export type TagName = string & { readonly [brand]: 'TagName' }

/** Lower case only, so that two names never meet in a folder of a file system that ignores case. */
const PART = /^[a-z0-9](?:[a-z0-9._-]{0,126}[a-z0-9])?$/
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.+-]{0,127}$/

/** @throws {AetherError} `invalid`, with the reason. */
export function parseDatasetName(text: string): DatasetName {
  const [, scope, name] = /^(?:@([^/]*)\/)?([^/]*)$/.exec(text) ?? []
  if (name === undefined) throw invalidName(text, 'a dataset is "name" or "@scope/name"')
  if (scope !== undefined) checkPart(text, 'scope', scope)
  checkPart(text, 'name', name)
  return text as DatasetName
}

/** @throws {AetherError} `invalid`, with the reason. */
export function parseTagName(text: string): TagName {
  if (!TAG.test(text)) {
    throw new AetherError(
      'invalid',
      `Cannot use "${text}" as a tag: a tag has 1 to 128 letters, digits, "_", ".", "+" or "-", and begins with a letter, a digit or "_"`,
    )
  }
  return text as TagName
}

/** Semantic Versioning 2.0.0 with an optional "v", where minor and patch may be left out when the "v" is there. */
const SEMVER =
  /^(?:v(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*)){0,2}|(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*))(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/
/** Calendar versions: a year of four digits, then month, and optionally day and a counter; "." or "-" between them. */
const CALVER = /^v?(?:19|20)\d\d[.-](?:0?[1-9]|1[0-2])(?:[.-](?:0?[1-9]|[12]\d|3[01])(?:[.-]\d+)?)?$/

/**
 * True for a version, which is written once (v1, v1.2.0, 1.2.0-rc.1, 2026.11.22); false for a channel, which moves
 * (latest, stable, main).
 */
export function isVersionTag(tag: TagName): boolean {
  return SEMVER.test(tag) || CALVER.test(tag)
}

function checkPart(text: string, what: string, part: string): void {
  if (PART.test(part)) return
  const reason =
    part === ''
      ? `the ${what} is empty`
      : /[A-Z]/.test(part)
        ? `the ${what} has upper-case letters`
        : part.length > 128
          ? `the ${what} has over 128 characters`
          : `the ${what} may have a-z, 0-9, ".", "_" and "-", and begins and ends with a letter or a digit`
  throw invalidName(text, reason)
}

function invalidName(text: string, reason: string): AetherError {
  return new AetherError('invalid', `Cannot parse dataset name "${text}": ${reason}`)
}
