// Whole files that an older snapshot on this disk has already: linked, not fetched.
//
// What its record says was put on disk is trusted as long as size and modification time are the same; where they are
// not, the file is hashed first. A link shares its modification time with the older file, so a file whose bytes did not
// change keeps the time that it was first delivered with.
import { linkSync, lstatSync, rmSync, type Stats } from 'node:fs'
import { join } from 'node:path'
import { systemCode } from '../../core/errors.ts'
import type { FileHash } from '../../core/id.ts'
import type { FileEntry } from '../../core/listing.ts'
import { compareBytes } from '../../core/path.ts'
import { microsOf } from './disk-time.ts'
import { FATE, type FilePlan, fileAt, filesWith } from './file-plan.ts'
import { hashFile } from './hash-file.ts'
import type { Pace } from './pace.ts'
import type { LoadedSeed, Seed } from './seed.ts'

export interface LinkOptions {
  seeds: readonly Seed[]
  /** Where the new files go; undefined to find out only. */
  root: string | undefined
  makeParents: (path: string) => void
  pace: Pace
  onWarning: (text: string) => void
  signal?: AbortSignal
}

/** Turns files that are to be built into linked ones, or into copies where a link cannot be, as far as seeds have them. */
export async function linkFromSeeds(plan: FilePlan, options: LinkOptions): Promise<void> {
  for (const seed of options.seeds) {
    if (filesWith(plan, FATE.build).next().done) return
    const loaded = await seed.load()
    if (loaded === undefined) continue
    const spoilt = new Set<number>()
    for (const [file, other] of pairs(plan, loaded)) {
      if (!spoilt.has(other)) await reuse(plan, file, { seed, loaded, other, spoilt }, options)
      if (options.pace.due()) await options.pace.rest()
    }
  }
}

interface Found {
  seed: Seed
  loaded: LoadedSeed
  /** Place of the file in the seed's listing. */
  other: number
  /** Places in that listing of files that were found changed or gone. */
  spoilt: Set<number>
}

/** Files to be built, each with one of the same bytes in the seed: at the same path first, then anywhere. */
function* pairs(plan: FilePlan, seed: LoadedSeed): Generator<[file: number, other: number]> {
  for (const [file, other] of samePaths(plan, seed)) if (sameBytes(plan, file, seed, other)) yield [file, other]
  const byHash = new Map<FileHash, number[]>()
  for (const file of filesWith(plan, FATE.build)) {
    const { hash } = fileAt(plan, file)
    const files = byHash.get(hash)
    if (files) files.push(file)
    else byHash.set(hash, [file])
  }
  if (byHash.size === 0) return
  for (let other = 0; other < seed.entries.length; other++) {
    const entry = seed.entries[other]!
    if (entry.kind !== 'file' || !seed.onDisk[other]) continue
    for (const file of byHash.get(entry.hash) ?? []) if (plan.fate[file] === FATE.build) yield [file, other]
  }
}

/** Both listings are in one order, so one walk finds all equal paths. */
function* samePaths(plan: FilePlan, seed: LoadedSeed): Generator<[file: number, other: number]> {
  let other = 0
  for (const file of filesWith(plan, FATE.build)) {
    const { path } = plan.entries[file]!
    while (other < seed.entries.length && compareBytes(seed.entries[other]!.path, path) < 0) other++
    if (other === seed.entries.length) return
    if (seed.entries[other]!.path === path) yield [file, other]
  }
}

function sameBytes(plan: FilePlan, file: number, seed: LoadedSeed, other: number): boolean {
  const entry = seed.entries[other]!
  return entry.kind === 'file' && seed.onDisk[other] === 1 && entry.hash === fileAt(plan, file).hash
}

async function reuse(plan: FilePlan, file: number, found: Found, options: LinkOptions): Promise<void> {
  const source = join(found.seed.folder, found.loaded.entries[found.other]!.path)
  const wanted = fileAt(plan, file)
  const stat = await intactFile(source, wanted, found, options)
  if (stat === undefined) return
  const sameMode = ((stat.mode & 0o100) !== 0) === wanted.executable && (stat.mode & 0o222) === 0
  const linked = sameMode && link(source, wanted.path, options)
  if (linked === undefined) return
  plan.fate[file] = linked ? FATE.linked : FATE.copy
  if (linked) plan.diskMicros[file] = microsOf(stat)
  else plan.copies.set(file, source)
}

/** What the disk says of a seed's file when it still has the bytes that were delivered. */
async function intactFile(
  path: string,
  wanted: FileEntry,
  { loaded, other, spoilt }: Found,
  { onWarning, signal }: LinkOptions,
): Promise<Stats | undefined> {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (stat?.isFile() && stat.size === wanted.size) {
    if (microsOf(stat) === loaded.diskMicros[other]) return stat
    if ((await hashFile(path, stat.size, signal).catch(ignoreSystem)) === wanted.hash) return stat
  }
  spoilt.add(other)
  onWarning(`"${path}" is not what was delivered any more, so it was not used`)
  return undefined
}

function ignoreSystem(error: unknown): undefined {
  if (systemCode(error) === undefined) throw error
}

/** What a file system answers that has no hard links, or no more of them for this file or between these two folders. */
const CANNOT_LINK = new Set(['EXDEV', 'EMLINK', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EACCES'])

/** False when it has to be a copy, undefined when the seed is gone: another process may have pruned it. */
function link(source: string, path: string, { root, makeParents }: LinkOptions): boolean | undefined {
  if (root === undefined) return true
  try {
    makeParents(path)
    linkOver(source, join(root, path))
    return true
  } catch (error) {
    const code = systemCode(error) ?? ''
    if (CANNOT_LINK.has(code)) return false
    if (code === 'ENOENT') return undefined
    throw error
  }
}

function linkOver(source: string, path: string): void {
  try {
    linkSync(source, path)
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error
    rmSync(path) // the beginning of the file, from an interrupted restore
    linkSync(source, path)
  }
}
