// Where things lie in a target (the picture is in pull.ts), and that nothing of it leads out of the target.
import { lstatSync, mkdirSync, realpathSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { AetherError } from '../../core/errors.ts'
import type { Digest } from '../../core/id.ts'
import { OWN_FOLDER } from '../../dataset/sources/filter.ts'
import { makeFolders } from '../../storage/make-folders.ts'

declare const brand: unique symbol
/** Names a version in a target: its digest, and for a partial pull a hash of the patterns behind it. */
export type VersionKey = string & { readonly [brand]: 'VersionKey' }

const KEY = /^[0-9a-f]{64}(?:-[0-9a-f]{16})?$/

export function versionKey(digest: Digest, patternsKey: string): VersionKey {
  return (patternsKey === '' ? digest : `${digest}-${patternsKey}`) as VersionKey
}

export function parseVersionKey(text: string): VersionKey | undefined {
  return KEY.test(text) ? (text as VersionKey) : undefined
}

export function digestOfKey(key: VersionKey): Digest {
  return key.slice(0, 64) as Digest
}

export interface TargetLayout {
  /** The target, absolute. */
  root: string
  snapshots: string
  incoming: string
  records: string
  tails: string
  locks: string
  trash: string
}

export function layoutOf(target: string): TargetLayout {
  const root = resolve(target)
  const own = (name: string) => join(root, OWN_FOLDER, name)
  return {
    root,
    snapshots: own('snapshots'),
    incoming: own('incoming'),
    records: own('records'),
    tails: own('tails'),
    locks: own('locks'),
    trash: own('trash'),
  }
}

/** Makes the folders of a target. @throws {AetherError} `conflict` when something else is in the place of one. */
export async function prepareTarget(layout: TargetLayout): Promise<void> {
  await makeFolders(layout.root, 0o777)
  makeOwn(join(layout.root, OWN_FOLDER))
  const { snapshots, incoming, records, tails, locks, trash } = layout
  for (const folder of [snapshots, incoming, records, tails, locks, trash]) makeOwn(folder)
}

function makeOwn(folder: string): void {
  mkdirSync(folder, { recursive: true })
  // Through a link, what is removed here would be removed elsewhere.
  if (!lstatSync(folder).isDirectory()) throw inTheWay(folder, 'it is a link, and a folder is needed there')
}

/** Whether the version is there. What lies in this folder was renamed into it when it was whole. */
export function isComplete(layout: TargetLayout, key: VersionKey): boolean {
  return lstatSync(join(layout.snapshots, key), { throwIfNoEntry: false })?.isDirectory() ?? false
}

export function inTheWay(path: string, reason: string): AetherError {
  return new AetherError('conflict', `"${path}" is in the way: ${reason}`, {
    hint: 'Move it away, or pull to another folder',
  })
}

/** The snapshots folder that `path` lies in, and the version; undefined when it lies in none. */
export function versionAt(path: string): { root: string; key: VersionKey } | undefined {
  const parts = realpathSync(path).split('/')
  const at = parts.lastIndexOf(OWN_FOLDER)
  const key = at >= 0 && parts[at + 1] === 'snapshots' ? parseVersionKey(parts[at + 2] ?? '') : undefined
  return key && { root: parts.slice(0, at).join('/') || '/', key }
}
