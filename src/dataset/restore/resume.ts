// Takes stock of a folder that an interrupted restore left: what is good stays, so that it is not fetched again.
//
// A file counts by its bytes alone: they are hashed, because after a loss of power neither name nor size nor time says
// that they arrived. Of a large file, the beginning that agrees with the ids of its chunks is kept.
import { createHash, type Hash } from 'node:crypto'
import { chmodSync, lstatSync, readdirSync, rmSync, type Stats, truncateSync, utimesSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { MIN_CHUNK } from '../../core/chunker.ts'
import { sha256Hex } from '../../core/id.ts'
import type { SnapshotRecord } from '../../core/record.ts'
import { microsOf, secondsOf } from './disk-time.ts'
import { FATE, type FilePlan, fileAt } from './file-plan.ts'
import { hashFile } from './hash-file.ts'
import { modeOf } from './new-file.ts'
import type { Pace } from './pace.ts'
import { type IndexOf, wantedChunks } from './wanted-chunks.ts'

/** The good beginning of a file: its length, and the state of the hash behind it. */
export interface Beginning {
  length: number
  hash: Hash
}

export interface ResumeOptions {
  record: SnapshotRecord
  root: string
  indexOf: IndexOf
  /** False to find out only: nothing is changed on disk. */
  apply: boolean
  modeMask: number
  pace: Pace
  signal?: AbortSignal
}

/** Marks complete files as kept, removes what does not belong there, and answers the beginnings of others by their place. */
export async function takeStock(plan: FilePlan, options: ResumeOptions): Promise<Map<number, Beginning>> {
  const places = new Map(plan.entries.map((entry, i) => [entry.path, i]))
  const beginnings = new Map<number, Beginning>()
  for (const path of filesBelow(options, parentsOf(plan))) {
    const place = places.get(path)
    const beginning = place === undefined ? undefined : await judge(plan, place, options)
    if (beginning) beginnings.set(place!, beginning)
    else if (place === undefined || plan.fate[place] !== FATE.kept) remove(options, path)
    if (options.pace.due()) await options.pace.rest()
  }
  return beginnings
}

/** All folders that the wanted entries need. */
function parentsOf(plan: FilePlan): Set<string> {
  const parents = new Set<string>()
  plan.entries.forEach(({ path }, i) => {
    if (!plan.wanted[i]) return
    for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
      const parent = path.slice(0, slash)
      if (parents.has(parent)) return
      parents.add(parent)
    }
  })
  return parents
}

/** Paths of all that is no folder. Folders that have no business here are removed with all that is in them. */
function* filesBelow(options: ResumeOptions, parents: Set<string>, folder = ''): Generator<string> {
  for (const entry of readdirSync(join(options.root, folder), { withFileTypes: true })) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (!entry.isDirectory()) yield path
    else if (parents.has(path)) yield* filesBelow(options, parents, path)
    else remove(options, path) // an empty folder of the listing is made again
  }
}

function remove({ root, apply }: ResumeOptions, path: string): void {
  if (apply) rmSync(join(root, path), { recursive: true, force: true })
}

/** Marks the file as kept when it is complete; answers its beginning when it is not but has a good one. */
async function judge(plan: FilePlan, place: number, options: ResumeOptions): Promise<Beginning | undefined> {
  if (plan.fate[place] !== FATE.build) return undefined
  const file = fileAt(plan, place)
  const path = join(options.root, file.path)
  const stat = lstatSync(path)
  // Linked files are linked again: that is quicker than to hash them.
  if (!stat.isFile() || stat.nlink > 1 || stat.size > file.size) return undefined
  if (stat.size === file.size && (await hashFile(path, stat.size, options.signal)) === file.hash) {
    keep(plan, place, path, stat, options)
    return undefined
  }
  return stat.size < MIN_CHUNK ? undefined : await goodBeginning(plan, place, path, options)
}

function keep(plan: FilePlan, place: number, path: string, stat: Stats, { apply, modeMask }: ResumeOptions): void {
  plan.fate[place] = FATE.kept
  if (!apply) return
  const mode = modeOf(fileAt(plan, place)) & modeMask
  if ((stat.mode & 0o777) !== mode) chmodSync(path, mode)
  const micros = plan.micros[place]!
  if (microsOf(stat) !== micros) utimesSync(path, secondsOf(micros), secondsOf(micros))
  plan.diskMicros[place] = microsOf(lstatSync(path))
}

async function goodBeginning(plan: FilePlan, place: number, path: string, options: ResumeOptions) {
  const handle = await open(path, 'r')
  const beginning: Beginning = { length: 0, hash: createHash('sha256') }
  try {
    await hashGoodChunks(plan, place, handle, beginning, options)
  } finally {
    await handle.close()
  }
  if (beginning.length === 0) return undefined
  if (options.apply) {
    chmodSync(path, 0o600) // so that it can be opened for the rest; it gets its mode when it is finished
    truncateSync(path, beginning.length)
  }
  return beginning
}

/** Walks over the chunks as long as the bytes on disk are theirs. */
async function hashGoodChunks(
  plan: FilePlan,
  place: number,
  handle: FileHandle,
  beginning: Beginning,
  { record, indexOf }: ResumeOptions,
) {
  const start = plan.start[place]!
  const span = { start: [start], end: [plan.start[place + 1]!] }
  for await (const { chunks } of wantedChunks(record, span, indexOf)) {
    for (const chunk of chunks) {
      if (chunk.offset !== start + beginning.length) return
      const { bytesRead, buffer } = await handle.read(
        Buffer.allocUnsafe(chunk.length),
        0,
        chunk.length,
        beginning.length,
      )
      if (bytesRead < chunk.length || sha256Hex(buffer) !== chunk.id) return
      beginning.hash.update(buffer)
      beginning.length += chunk.length
    }
  }
}
