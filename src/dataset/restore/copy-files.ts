// Copies files on this machine where a link cannot be; a file system that can share their blocks does so.
import { chmodSync, constants, lstatSync, rmSync, utimesSync } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MIN_CHUNK } from '../../core/chunker.ts'
import { systemCode } from '../../core/errors.ts'
import type { FileHash } from '../../core/id.ts'
import { microsOf, secondsOf } from './disk-time.ts'
import { FATE, type FilePlan, fileAt } from './file-plan.ts'
import { modeOf, type NewFile } from './new-file.ts'
import type { Pace } from './pace.ts'

export interface CopyOptions {
  root: string
  makeParents: (path: string) => void
  modeMask: number
  pace: Pace
}

/** Copies the files that seeds have. One that is gone by now is to be built after all. */
export async function copyFromSeeds(plan: FilePlan, options: CopyOptions): Promise<void> {
  for (const [file, source] of plan.copies) {
    try {
      await copyOne(plan, file, source, options)
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error
      plan.fate[file] = FATE.build
    }
    if (options.pace.due()) await options.pace.rest()
  }
}

/** Files from the size of a chunk on that the snapshot has several times: each copy with the place of the first. */
export function findDuplicates(plan: FilePlan): Map<number, number> {
  const first = new Map<FileHash, number>()
  const duplicates = new Map<number, number>()
  for (let i = 0; i < plan.fate.length; i++) {
    if (plan.fate[i] === FATE.none || fileAt(plan, i).size < MIN_CHUNK) continue
    const { hash } = fileAt(plan, i)
    const original = first.get(hash)
    if (original === undefined) first.set(hash, i)
    else if (plan.fate[i] === FATE.build) {
      plan.fate[i] = FATE.copy
      duplicates.set(i, original)
    }
  }
  return duplicates
}

/** Copies what the snapshot has several times, once the first of each is there. */
export async function copyDuplicates(
  plan: FilePlan,
  duplicates: Map<number, number>,
  options: CopyOptions,
): Promise<void> {
  for (const [file, original] of duplicates) {
    await copyOne(plan, file, join(options.root, fileAt(plan, original).path), options)
    if (options.pace.due()) await options.pace.rest()
  }
}

async function copyOne(plan: FilePlan, place: number, source: string, options: CopyOptions): Promise<void> {
  const entry = fileAt(plan, place)
  const file: NewFile = { path: join(options.root, entry.path), mode: modeOf(entry), micros: plan.micros[place]! }
  options.makeParents(entry.path)
  rmSync(file.path, { force: true }) // the beginning of the file, from an interrupted restore
  await copyFile(source, file.path, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
  chmodSync(file.path, file.mode & options.modeMask)
  utimesSync(file.path, secondsOf(file.micros), secondsOf(file.micros))
  plan.diskMicros[place] = microsOf(lstatSync(file.path))
}
