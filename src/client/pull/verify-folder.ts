// Verifies what pulls have put in a target, by the records that they keep there: no hub is needed.
import { existsSync, realpathSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { AetherError, systemCode, toAetherError } from '../../core/errors.ts'
import type { Digest } from '../../core/id.ts'
import { OWN_FOLDER } from '../../dataset/sources/filter.ts'
import { readKeptRecord } from './kept-record.ts'
import { createReport } from './report.ts'
import { digestOfKey, layoutOf, type TargetLayout, type VersionKey, versionAt } from './target-layout.ts'
import { compareFolder, type VerifiedFiles, type VerifyOptions } from './verify-against.ts'
import { linksBelow } from './version-link.ts'

export {
  type Finding,
  type Problem,
  type VerifiedFiles,
  type VerifyOptions,
  verifyAgainst,
} from './verify-against.ts'

export interface VerifyResult {
  /** Every file of every version is as it was delivered. */
  ok: boolean
  versions: VerifiedVersion[]
  /** Files that were hashed, and their bytes. */
  files: number
  bytes: number
}

/** One version in a target. */
export interface VerifiedVersion extends VerifiedFiles {
  /** Folder with the files. */
  path: string
  digest: Digest
  /** Links that point to it, as paths below the target. */
  links: string[]
  /** False when its record is lost or damaged: then nothing can be said. Remove the folder and pull again. */
  known: boolean
  /** Where it came from, when it is known. */
  host?: string
  dataset?: string
}

/**
 * Verifies all versions that links below a path point to: a target, a dataset in it or one link. Also takes a folder of
 * a version itself.
 * @throws {AetherError} `not-found` when the path is in no target, or no version is there
 */
export async function verifyFolder(path: string, options: VerifyOptions = {}): Promise<VerifyResult> {
  try {
    return await verifyVersions(path, options)
  } catch (error) {
    throw toAetherError(error)
  }
}

async function verifyVersions(path: string, options: VerifyOptions): Promise<VerifyResult> {
  const { layout, keys } = versionsAt(path)
  const report = createReport(path, options.onProgress)
  const links = Map.groupBy(existsSync(layout.root) ? linksBelow(layout) : [], ({ key }) => key)
  const result: VerifyResult = { ok: true, versions: [], files: 0, bytes: 0 }
  for (const key of keys) {
    const names = (links.get(key) ?? []).map(({ name }) => name)
    const version = { ...(await verifyVersion(layout, key, report, options.signal)), links: names }
    result.versions.push(version)
    result.ok &&= version.known && version.findings.length === 0
    result.files += version.files
    result.bytes += version.bytes
  }
  return result
}

async function verifyVersion(
  layout: TargetLayout,
  key: VersionKey,
  report: ReturnType<typeof createReport>,
  signal?: AbortSignal,
) {
  const folder = { path: join(layout.snapshots, key), digest: digestOfKey(key) }
  const kept = await readKeptRecord(layout, key)
  if (kept === undefined) return { ...folder, known: false, files: 0, bytes: 0, findings: [] }
  const { about, entries, onDisk } = kept
  const compared = await compareFolder(folder.path, { listing: entries, onDisk, report, signal })
  return { ...folder, ...compared, known: true, host: about.host, dataset: about.dataset }
}

function versionsAt(path: string): { layout: TargetLayout; keys: Set<VersionKey> } {
  const real = realPath(path)
  const one = versionAt(real)
  if (one) return { layout: layoutOf(one.root), keys: new Set([one.key]) }
  const root = targetAbove(real)
  if (root === undefined) throw nothingAt(path)
  const layout = layoutOf(root)
  const keys = new Set(
    linksBelow(layout)
      .filter((link) => isBelow(real, link.path))
      .map(({ key }) => key),
  )
  if (keys.size === 0) throw nothingAt(path)
  return { layout, keys }
}

function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') throw nothingAt(path, error)
    throw error
  }
}

/** The target that the folder is, or that it is a dataset's or a scope's folder in. */
function targetAbove(folder: string): string | undefined {
  const candidates = [folder, dirname(folder), dirname(dirname(folder))]
  return candidates.find((candidate) => existsSync(join(candidate, OWN_FOLDER, 'snapshots')))
}

function isBelow(folder: string, path: string): boolean {
  const way = relative(folder, path)
  return way !== '..' && !way.startsWith(`..${sep}`)
}

function nothingAt(path: string, cause?: unknown): AetherError {
  return new AetherError('not-found', `There is no pulled version at "${path}"`, {
    cause,
    hint: 'Name a folder that was pulled into, a dataset in it, or one of its links',
  })
}
