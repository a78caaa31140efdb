// Where the bench works: a disk with enough room, and a real one.
import { mkdirSync, mkdtempSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { formatBytes } from '../src/cli/output/numbers.ts'

const TMPFS = 0x01021994
const PROJECT = join(import.meta.dirname, '..')

/** @throws when there is no room for `bytes`. */
export function openWorkFolder(named: string | undefined, bytes: number): string {
  if (named !== undefined) {
    const folder = resolve(named)
    mkdirSync(folder, { recursive: true })
    if (roomIn(folder) < bytes) throw new Error(`"${folder}" has no room for ${formatBytes(bytes)}`)
    return folder
  }
  const parents = [tmpdir(), dirname(PROJECT)]
  const parent = parents.find((folder) => statfsSync(folder).type !== TMPFS && roomIn(folder) >= bytes)
  if (parent === undefined)
    throw new Error(
      `There is no room for ${formatBytes(bytes)} in ${parents.join(' or ')}; name a folder with --folder`,
    )
  return mkdtempSync(join(parent, 'aetherfs-bench-'))
}

function roomIn(folder: string): number {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize
}
