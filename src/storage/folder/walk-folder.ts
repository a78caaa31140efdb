// Keys of a folder store in byte order, found lazily: no folder is read before its turn, and only the names of the
// folders on the way down are held at a time.
import type { Dirent } from 'node:fs'
import { join } from 'node:path'
import { compareBytes } from '../../core/path.ts'
import { isKey } from '../check-key.ts'
import { stopIfAborted } from '../check-options.ts'
import type { ListOptions } from '../storage.ts'
import type { Entry } from '../take-page.ts'
import { isMissing } from './explain.ts'
import type { FolderFs } from './folder-fs.ts'

type Query = ListOptions & { fs: FolderFs; root: string }

export function walkFolder(query: Query): AsyncGenerator<Entry> {
  return walk(query, query.prefix.slice(0, query.prefix.lastIndexOf('/') + 1))
}

/** `folder`: empty for the root, else with a slash at its end, as keys below it begin. */
async function* walk(query: Query, folder: string): AsyncGenerator<Entry> {
  for (const name of await wantedNames(query, folder)) {
    stopIfAborted(query.signal)
    if (!isOurs(name)) continue
    if (!name.endsWith('/')) yield { name, folded: false }
    else if (query.delimiter === undefined) yield* walk(query, name)
    else if (await holdsObject(query, name)) yield { name, folded: true }
  }
}

// A folder's name ends in a slash, so that it sorts as the keys in it do: "a-b" before "a/b" before "ab".
async function wantedNames(query: Query, folder: string): Promise<string[]> {
  stopIfAborted(query.signal)
  const path = join(query.root, folder)
  const children = await query.fs.readdir(path, { withFileTypes: true }).catch(noneWhenMissing)
  const names = children.flatMap((child) => nameOf(folder, child) ?? [])
  return names.filter((name) => isWanted(query, name)).sort(compareBytes)
}

/** What stands for a child of a folder in a listing: undefined for links, pipes and the like. */
function nameOf(folder: string, child: Dirent): string | undefined {
  if (child.isFile()) return folder + child.name
  return child.isDirectory() ? `${folder}${child.name}/` : undefined
}

/** False for what the store keeps for itself, and for names that somebody else has put there. */
function isOurs(name: string): boolean {
  return isKey(name.endsWith('/') ? name.slice(0, -1) : name)
}

function isWanted({ prefix, startAfter, delimiter }: Query, name: string): boolean {
  if (!name.startsWith(prefix)) return false
  if (startAfter === undefined || compareBytes(name, startAfter) > 0) return true
  // A folder that comes no later than `startAfter` may hold keys that do, but only when `startAfter` leads into it.
  return name.endsWith('/') && delimiter === undefined && startAfter.startsWith(name)
}

// Objects that were deleted leave empty folders behind, which are the prefix of nothing.
async function holdsObject(query: Query, folder: string): Promise<boolean> {
  stopIfAborted(query.signal)
  const below: string[] = []
  for await (const child of await openFolder(query, folder)) {
    const name = nameOf(folder, child)
    if (name === undefined || !isOurs(name)) continue
    if (!name.endsWith('/')) return true
    below.push(name)
  }
  for (const name of below) if (await holdsObject(query, name)) return true
  return false
}

async function openFolder({ fs, root }: Query, folder: string): Promise<AsyncIterable<Dirent> | Dirent[]> {
  return fs.opendir(join(root, folder)).catch(noneWhenMissing)
}

// Removed since its name was read, or never there.
function noneWhenMissing(error: unknown): never[] {
  if (isMissing(error)) return []
  throw error
}
