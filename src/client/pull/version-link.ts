// The link of a tag: the one thing in a target that consumers look at, and that changes in one step.
import { randomBytes } from 'node:crypto'
import { lstatSync, mkdirSync, readdirSync, readlinkSync, renameSync, symlinkSync, utimesSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { AetherError, systemCode } from '../../core/errors.ts'
import { type Digest, formatDigest } from '../../core/id.ts'
import { type DatasetName, parseDatasetName, type TagName } from '../../core/names.ts'
import { syncFolder } from '../../dataset/restore/sync-folder.ts'
import { inTheWay, parseVersionKey, type TargetLayout, type VersionKey } from './target-layout.ts'

/** A link in a target. */
export interface VersionLink {
  /** Path below the target, for example "@scope/name/latest". */
  name: string
  /** Absolute path. */
  path: string
}

const DIGEST_NAME = /^sha256-[0-9a-f]{64}$/

/**
 * The link for a tag, or for a digest when there is no tag.
 * @throws {AetherError} `invalid` for a tag that would be taken for a digest.
 */
export function linkFor(
  layout: TargetLayout,
  dataset: DatasetName,
  tag: TagName | undefined,
  digest?: Digest,
): VersionLink {
  if (tag !== undefined && DIGEST_NAME.test(tag)) {
    throw new AetherError('invalid', `Cannot pull the tag "${tag}": its folder would be taken for that of a digest`, {
      hint: digest && `Pull ${dataset}@${formatDigest(digest)}`,
    })
  }
  const name = `${dataset}/${tag ?? `sha256-${digest}`}`
  return { name, path: join(layout.root, name) }
}

/**
 * The version that the link points to; undefined when there is no link yet.
 * @throws {AetherError} `conflict` when something that is not ours is in its place or above it.
 */
export function readVersionLink(layout: TargetLayout, link: VersionLink): VersionKey | undefined {
  for (let above = dirname(link.path); above !== layout.root; above = dirname(above)) {
    const stat = lstatSync(above, { throwIfNoEntry: false })
    if (stat && !stat.isDirectory()) throw inTheWay(above, 'it is no folder')
  }
  const stat = lstatSync(link.path, { throwIfNoEntry: false })
  if (stat === undefined) return undefined
  const key = stat.isSymbolicLink() ? keyOfLink(layout, link.path) : undefined
  if (key === undefined) throw inTheWay(link.path, 'it is no link that a pull has made')
  return key
}

/** The version that a symbolic link points to; undefined when the link is not ours. */
function keyOfLink(layout: TargetLayout, path: string): VersionKey | undefined {
  const target = readlinkSync(path)
  const key = parseVersionKey(target.slice(target.lastIndexOf('/') + 1))
  return key !== undefined && target === textOf(layout, path, key) ? key : undefined
}

function textOf(layout: TargetLayout, path: string, key: VersionKey): string {
  return relative(dirname(path), join(layout.snapshots, key))
}

/** Names of links in the making; they lie among what is incoming. */
export const NEW_LINK = '.link-'

/** Points the link to a version, in one step. Only to be called under the lock of the target. */
export async function switchLink(
  layout: TargetLayout,
  link: VersionLink,
  key: VersionKey,
): Promise<VersionKey | undefined> {
  const previous = readVersionLink(layout, link)
  if (previous === key) return previous
  if (previous !== undefined) noteReplaced(layout, previous)
  mkdirSync(dirname(link.path), { recursive: true })
  const temporary = join(layout.incoming, NEW_LINK + randomBytes(8).toString('hex'))
  symlinkSync(textOf(layout, link.path, key), temporary)
  renameSync(temporary, link.path)
  for (let above = dirname(link.path); above !== layout.root; above = dirname(above)) await syncFolder(above)
  await syncFolder(layout.root)
  return previous
}

/** The time of its record tells which of the older versions was replaced last. */
function noteReplaced(layout: TargetLayout, key: VersionKey): void {
  const now = new Date()
  try {
    utimesSync(join(layout.records, key), now, now)
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error
  }
}

/** All links of ours below a folder of the target, with the versions that they point to. */
export function* linksBelow(layout: TargetLayout, folder = layout.root): Generator<VersionLink & { key: VersionKey }> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isSymbolicLink()) {
      const key = keyOfLink(layout, path)
      if (key !== undefined) yield { name: relative(layout.root, path), path, key }
    } else if (entry.isDirectory() && mayHoldLinks(layout, folder, entry.name)) yield* linksBelow(layout, path)
  }
}

/** Links lie in <name>/ and @<scope>/<name>/; whatever else is in the target is not ours to walk through. */
function mayHoldLinks(layout: TargetLayout, folder: string, name: string): boolean {
  const path = relative(layout.root, join(folder, name))
  return isDatasetName(path) || isDatasetName(`${path}/x`)
}

function isDatasetName(text: string): boolean {
  try {
    return parseDatasetName(text) === text
  } catch {
    return false
  }
}
