// Removes what a target does not need any more: older versions beyond those to be kept, with their records and tails.
//
// What is to be removed is first renamed into the trash, under the lock of the target: so nothing half removed can be
// taken for a version. Only the trash is then emptied, which may take its time and may be interrupted. Links are removed,
// never followed.
import { randomBytes } from 'node:crypto'
import { readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { readAbout, readKeptRecord } from './kept-record.ts'
import { isComplete, parseVersionKey, type TargetLayout, type VersionKey } from './target-layout.ts'
import { linksBelow, NEW_LINK } from './version-link.ts'

/** Files in the making are left alone until they are this old, in milliseconds. */
const DAY = 24 * 60 * 60 * 1000

/**
 * Puts versions that no link points to in the trash, but for those of each dataset that were replaced last. Only to be
 * called under the lock of the target. Answers how many.
 */
export async function pruneVersions(layout: TargetLayout, keep: number): Promise<number> {
  const linked = new Set([...linksBelow(layout)].map(({ key }) => key))
  const unlinked = allVersions(layout).filter((key) => !linked.has(key))
  const doomed = byDataset(layout, unlinked).flatMap((keys) => lastReplacedFirst(layout, keys).slice(keep))
  for (const key of doomed) discard(layout, join(layout.snapshots, key))
  for (const key of recordsWithoutVersion(layout)) rmSync(join(layout.records, key), { force: true })
  if (doomed.length > 0) await pruneTails(layout)
  removeLeftovers(layout)
  return doomed.length
}

/** Moves a folder into the trash. */
export function discard(layout: TargetLayout, path: string): void {
  renameSync(path, join(layout.trash, randomBytes(8).toString('hex')))
}

export async function emptyTrash(layout: TargetLayout): Promise<void> {
  for (const name of readdirSync(layout.trash)) await rm(join(layout.trash, name), { recursive: true, force: true })
}

export function allVersions(layout: TargetLayout): VersionKey[] {
  return readdirSync(layout.snapshots)
    .map(parseVersionKey)
    .filter((key) => key !== undefined)
}

function byDataset(layout: TargetLayout, keys: VersionKey[]): VersionKey[][] {
  return [...Map.groupBy(keys, (key) => readAbout(layout, key)?.dataset).values()]
}

export function lastReplacedFirst(layout: TargetLayout, keys: readonly VersionKey[]): VersionKey[] {
  const times = new Map(keys.map((key) => [key, timeOf(layout, key)]))
  return [...keys].sort((a, b) => times.get(b)! - times.get(a)!)
}

function timeOf(layout: TargetLayout, key: VersionKey): number {
  return statSync(join(layout.records, key), { throwIfNoEntry: false })?.mtimeMs ?? 0
}

function recordsWithoutVersion(layout: TargetLayout): VersionKey[] {
  return readdirSync(layout.records)
    .map(parseVersionKey)
    .filter((key) => key !== undefined && !isComplete(layout, key)) as VersionKey[]
}

/** Tails that no version uses any more. A record that cannot be read may use any of them, so then all stay. */
async function pruneTails(layout: TargetLayout): Promise<void> {
  const used = new Set<string>()
  for (const key of allVersions(layout)) {
    const kept = await readKeptRecord(layout, key)
    if (kept === undefined) return
    for (const { id } of kept.record.blocks) used.add(id)
  }
  // One that is new may be of a version that is being built.
  for (const name of readdirSync(layout.tails)) if (!used.has(name)) removeOld(join(layout.tails, name))
}

/** What processes that were killed have left half made. */
function removeLeftovers({ records, incoming }: TargetLayout): void {
  for (const name of readdirSync(records)) if (name.startsWith('.')) removeOld(join(records, name))
  // Links in the making are there only under the lock of the target, and that is held here.
  for (const name of readdirSync(incoming)) if (name.startsWith(NEW_LINK)) rmSync(join(incoming, name), { force: true })
}

function removeOld(path: string): void {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat && stat.mtimeMs < Date.now() - DAY) rmSync(path, { force: true })
}
