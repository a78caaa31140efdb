// Keeps the files that pushes keep within their bound: the bases that were used longest ago go first.
import { existsSync, lstatSync, readdirSync, rmdirSync, rmSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { basesFolder, filesFolder, manifestPath, readBaseHead } from './kept-base.ts'
import { removeKept } from './kept-files.ts'

/** To be called while nobody else works with any base. @param most apparent bytes of the files of all bases */
export async function pruneBases(cacheFolder: string, most: number): Promise<void> {
  const folders = readdirSync(basesFolder(cacheFolder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(basesFolder(cacheFolder), name))
  const bases = await Promise.all(folders.map(async (folder) => ({ folder, ...(await look(folder)) })))
  let left = most
  for (const { folder, bytes, usedMs } of bases.sort((a, b) => b.usedMs - a.usedMs)) {
    left -= bytes
    if (left < 0 || usedMs < 0) removeBase(folder)
  }
}

/** One without a manifest is what a push has left that was killed. */
async function look(folder: string): Promise<{ bytes: number; usedMs: number }> {
  const head = await readBaseHead(folder)
  return head === undefined
    ? { bytes: 0, usedMs: -1 }
    : { bytes: head.bytes, usedMs: lstatSync(manifestPath(folder)).mtimeMs }
}

/** The manifest first: what is left without one is no base. */
export function removeBase(folder: string): void {
  rmSync(manifestPath(folder), { force: true })
  for (const each of [filesFolder(folder), folder]) {
    removeKept(each)
    if (existsSync(each)) rmdirSync(each)
  }
}

export function markUsed(folder: string, nowMs = Date.now()): void {
  utimesSync(manifestPath(folder), nowMs / 1000, nowMs / 1000)
}
