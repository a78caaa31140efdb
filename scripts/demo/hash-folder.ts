// SHA-256 of every file below a folder: what was pushed, and what came out of a pull, must have the same.
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { pipeline } from 'node:stream/promises'

/** Path below `folder` -> hash, in order of paths. */
export async function hashFolder(folder: string): Promise<Map<string, string>> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = found.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name))
  const hashes = new Map<string, string>()
  for (const file of files.sort()) hashes.set(relative(folder, file), await hashFile(file))
  return hashes
}

/** What is wrong with `found`, in words; nothing when both are the same. */
export function compareHashes(expected: Map<string, string>, found: Map<string, string>): string[] {
  const wrong = [...expected]
    .filter(([path, hash]) => found.get(path) !== hash)
    .map(([path]) => `${path} is ${found.has(path) ? 'different' : 'missing'}`)
  return [
    ...wrong,
    ...[...found.keys()].filter((path) => !expected.has(path)).map((path) => `${path} should not be there`),
  ]
}

async function hashFile(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}
