// Compares a folder with a listing, byte by byte: what was changed, what is missing, and what does not belong there.
import { type Dirent, lstatSync, readdirSync, readlinkSync, type Stats } from 'node:fs'
import { join } from 'node:path'
import { systemCode, toAetherError } from '../../core/errors.ts'
import type { Entry, FileEntry, Listing } from '../../core/listing.ts'
import { mapOrdered } from '../../dataset/map-ordered.ts'
import { hashFile } from '../../dataset/restore/hash-file.ts'
import { createPace, type Pace } from '../../dataset/restore/pace.ts'
import type { OnProgress } from '../progress.ts'
import { createReport, type Report } from './report.ts'

export type Problem =
  | 'changed' // the bytes of a file are others
  | 'missing'
  | 'extra' // not in the listing
  | 'kind' // a file in the place of a folder or a link, or the like
  | 'mode' // the executable bit is wrong
  | 'target' // the link points elsewhere
  | 'unreadable' // the operating system does not let the file be read

/** One thing that is not as it was delivered. */
export interface Finding {
  /** Path in the folder. */
  path: string
  problem: Problem
  /** What should be there and what is, where there are words for it: hashes, link targets, kinds. */
  expected?: string
  actual?: string
}

export interface VerifiedFiles {
  /** Files that were hashed, and their bytes. */
  files: number
  bytes: number
  /** In byte order of paths; those of extra entries at the end. */
  findings: Finding[]
}

export interface VerifyOptions {
  onProgress?: OnProgress
  signal?: AbortSignal
}

/** Verifies a folder, whoever made it, against a listing. Reads every byte; follows no links. */
export async function verifyAgainst(
  folder: string,
  listing: Listing,
  options: VerifyOptions = {},
): Promise<VerifiedFiles> {
  const report = createReport(folder, options.onProgress)
  try {
    return await compareFolder(folder, { listing, report, signal: options.signal })
  } catch (error) {
    throw toAetherError(error)
  }
}

export interface Comparison {
  listing: Listing
  /** 1 for each entry that should be there. @default all */
  onDisk?: Uint8Array
  report: Report
  signal: AbortSignal | undefined
}

/** Files that are read at once. */
const WIDTH = 8

export async function compareFolder(
  folder: string,
  { listing, onDisk, report, signal }: Comparison,
): Promise<VerifiedFiles> {
  const expected = onDisk ? listing.filter((_, i) => onDisk[i] === 1) : listing
  const totals = {
    totalFiles: expected.filter(isFile).length,
    totalBytes: expected.reduce((sum, e) => sum + sizeOf(e), 0),
  }
  const result: VerifiedFiles = { files: 0, bytes: 0, findings: [] }
  const pace = createPace(signal)
  const check = async (entry: Entry) => ({ entry, finding: await checkEntry(folder, entry, signal) })
  for await (const { entry, finding } of mapOrdered(expected, WIDTH, check)) {
    if (finding) result.findings.push(finding)
    if (isFile(entry)) result.files++
    result.bytes += sizeOf(entry)
    report.progress('verify', { bytes: result.bytes, files: result.files, ...totals })
    if (pace.due()) await pace.rest()
  }
  for await (const finding of strangers(folder, expected, pace)) result.findings.push(finding)
  report.progress('verify', { bytes: result.bytes, files: result.files, ...totals, done: true })
  return result
}

function isFile(entry: Entry): entry is FileEntry {
  return entry.kind === 'file'
}

function sizeOf(entry: Entry): number {
  return isFile(entry) ? entry.size : 0
}

async function checkEntry(folder: string, entry: Entry, signal?: AbortSignal): Promise<Finding | undefined> {
  const path = join(folder, entry.path)
  const stat = lstatOf(path)
  if (stat === undefined) return { path: entry.path, problem: 'missing' }
  const actual = kindOf(stat)
  if (actual !== entry.kind) return { path: entry.path, problem: 'kind', expected: entry.kind, actual }
  if (entry.kind === 'file') return await checkFile(path, entry, stat, signal)
  return entry.kind === 'link' ? compare(entry.path, 'target', entry.target, readlinkSync(path)) : undefined
}

/** Undefined also where a folder above it is none any more. */
function lstatOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false })
  } catch (error) {
    if (systemCode(error) === 'ENOTDIR') return undefined
    throw error
  }
}

function kindOf(stat: Stats | Dirent): string {
  if (stat.isFile()) return 'file'
  if (stat.isDirectory()) return 'folder'
  return stat.isSymbolicLink() ? 'link' : 'special'
}

async function checkFile(
  path: string,
  entry: FileEntry,
  stat: Stats,
  signal?: AbortSignal,
): Promise<Finding | undefined> {
  try {
    const hash = await hashFile(path, stat.size, signal)
    if (hash !== entry.hash) return { path: entry.path, problem: 'changed', expected: entry.hash, actual: hash }
  } catch (error) {
    const code = systemCode(error)
    if (code === undefined || code === 'ABORT_ERR') throw error
    return { path: entry.path, problem: code === 'ENOENT' ? 'missing' : 'unreadable', actual: code }
  }
  const bit = (executable: boolean) => (executable ? 'executable' : 'not executable')
  return compare(entry.path, 'mode', bit(entry.executable), bit((stat.mode & 0o100) !== 0))
}

function compare(path: string, problem: Problem, expected: string, actual: string): Finding | undefined {
  return expected === actual ? undefined : { path, problem, expected, actual }
}

/**
 * What is in the folder and not in the listing, and what is in the place of a folder. A folder that should not be there is
 * named, not what is in it.
 */
async function* strangers(folder: string, expected: readonly Entry[], pace: Pace): AsyncGenerator<Finding> {
  const paths = new Set(expected.map(({ path }) => path))
  const above = foldersAbove(expected)
  const folders = ['']
  for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
    for (const entry of readFolder(join(folder, next))) {
      const path = next === '' ? entry.name : `${next}/${entry.name}`
      if (!paths.has(path) && !above.has(path)) yield { path, problem: 'extra' }
      else if (entry.isDirectory()) folders.push(path)
      else if (above.has(path)) yield { path, problem: 'kind', expected: 'folder', actual: kindOf(entry) }
    }
    if (pace.due()) await pace.rest()
  }
}

function foldersAbove(entries: readonly Entry[]): Set<string> {
  const folders = new Set<string>()
  for (const { path } of entries) {
    for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
      const folder = path.slice(0, slash)
      if (folders.has(folder)) break // and so are those above it
      folders.add(folder)
    }
  }
  return folders
}

function readFolder(path: string) {
  try {
    return readdirSync(path, { withFileTypes: true })
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return [] // what should be in it is found missing or unreadable already
  }
}
