// Names that a file system would take for one: refused before anything is written.
import { AetherError } from '../../core/errors.ts'
import type { FolderTraits } from './folder-traits.ts'

/**
 * @throws {AetherError} `conflict` with two of the names, when two different names would meet on such a file system.
 */
export function checkCollisions(
  paths: Iterable<string>,
  traits: Pick<FolderTraits, 'foldsCase' | 'foldsUnicode'>,
): void {
  if (!traits.foldsCase && !traits.foldsUnicode) return
  const taken = new Map<string, string>()
  for (const path of paths) {
    for (const name of namesOf(path)) {
      const folded = fold(name, traits)
      const other = taken.get(folded)
      if (other !== undefined && other !== name) throw collision(other, name)
      taken.set(folded, name)
    }
  }
}

/** The path and the folders above it: two folders that meet are mixed up as well. */
function namesOf(path: string): string[] {
  const names = [path]
  for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
    names.push(path.slice(0, slash))
  }
  return names
}

/** Folds at least as much as file systems do: what is refused too much can be left out by name, a mix-up cannot be undone. */
function fold(name: string, { foldsCase, foldsUnicode }: Pick<FolderTraits, 'foldsCase' | 'foldsUnicode'>): string {
  const composed = foldsUnicode ? name.normalize('NFD') : name
  const folded = foldsCase ? composed.toUpperCase().toLowerCase() : composed
  return foldsUnicode ? folded.normalize('NFD') : folded
}

function collision(first: string, second: string): AetherError {
  return new AetherError(
    'conflict',
    `Cannot write both ${JSON.stringify(first)} and ${JSON.stringify(second)}: they are one name on this file system`,
    { hint: 'Leave one of them out with --exclude, or pull to a file system that tells them apart' },
  )
}
