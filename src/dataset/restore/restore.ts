// Builds a snapshot as a folder: what is on this disk already is kept, linked, copied or read; the rest is fetched; all
// of it is checked. A restore that was interrupted goes on where it was when it is begun again in the same folder.
//
// Memory: the listing, some columns beside it, and about 64 MiB of content on its way, whatever the sizes are.
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import type { SnapshotRecord } from '../../core/record.ts'
import type { BlockReader, FetchBlock } from '../block-reader.ts'
import { checkCollisions } from './collisions.ts'
import { copyDuplicates, copyFromSeeds, findDuplicates } from './copy-files.ts'
import { FATE, type FilePlan, fileAt, totalsOf } from './file-plan.ts'
import type { FolderTraits } from './folder-traits.ts'
import { makeFoldersAndLinks } from './folders-and-links.ts'
import { type Patch, patchContent } from './patch.ts'
import { type Content, fetchContent, planContent } from './restore-content.ts'
import { bytesBegun, createWork, reusedBytes, type Work } from './restore-work.ts'
import { takeStock } from './resume.ts'
import type { Seed } from './seed.ts'
import { linkFromSeeds } from './seed-files.ts'

export interface RestoreOptions {
  record: SnapshotRecord
  listing: Pick<FilePlan, 'entries' | 'micros'>
  /** Which paths are wanted; that of a folder ends in a slash. */
  isWanted: (path: string) => boolean
  /** Folder to build in: absent, empty, or left by an interrupted restore. The folder above it exists. */
  root: string
  traits: FolderTraits
  /** Older snapshots on this disk, the best ones first. */
  seeds: readonly Seed[]
  /** A delta from one of them, when there is one that is worth it. */
  patch?: Patch
  blocks: BlockReader
  fetch: FetchBlock
  /** Unwanted bytes between two wanted frames that are read along, at most. @default 256 KiB */
  gap?: number
  /** Find out what would be done, and change nothing. */
  dryRun?: boolean
  /** Told the bytes that are going to be written, before the first of them is fetched; throws when there is no room. */
  checkSpace?: (bytes: number) => void
  onProgress?: (progress: RestoreProgress) => void
  onWarning?: (text: string) => void
  signal?: AbortSignal
}

export interface RestoreProgress {
  /** Bytes and files that were written. */
  bytes: number
  files: number
  totalBytes: number
  totalFiles: number
  /** Bytes that were not fetched. */
  reusedBytes: number
}

export interface RestoreResult {
  /** Files on disk now, and their bytes. */
  files: number
  bytes: number
  linkedFiles: number
  /** Bytes that were not fetched: kept from an interrupted restore, linked, copied, or read from older snapshots. */
  reusedBytes: number
  /** 1 for each entry of the listing that is on disk. */
  onDisk: Uint8Array
  /** Modification times that the files were left with, in microseconds. */
  diskMicros: Float64Array
  /** In a dry run: what would be fetched of the content. */
  planned: { bytes: number; requests: number }
}

/** @throws {AetherError} `integrity`, `no-space`, `conflict` (names that collide), `cancelled`, and what `fetch` throws. */
export async function restore(options: RestoreOptions): Promise<RestoreResult> {
  const work = createWork(options)
  const { plan, pace, makeParents } = work
  checkCollisions(wantedPaths(plan), options.traits)
  if (isBegun(options.root)) await takeStockOf(work)
  else if (!options.dryRun) mkdirSync(options.root, { recursive: true })
  await link(work)
  const duplicates = findDuplicates(plan)
  options.checkSpace?.(bytesToWrite(work))
  if (options.dryRun) return resultOf(work, await planOf(work))
  const to = { root: options.root, makeParents, modeMask: options.traits.modeMask, pace }
  const copied = options.patch ? await patchContent(work, options.patch) : 0
  await copyFromSeeds(plan, to)
  const content = await fetchContent(work)
  await copyDuplicates(plan, duplicates, to)
  await makeFoldersAndLinks(plan, to)
  return resultOf(work, { ...content, seedBytes: content.seedBytes + copied })
}

/** What would be fetched. Of the delta it is only known how long it is. */
async function planOf(work: Work): Promise<Content> {
  const { patch } = work.options
  if (patch?.size === undefined) return await planContent(work)
  return { seedBytes: totalsOf(work.plan, FATE.build).bytes, bytes: patch.size, requests: 0 }
}

function isBegun(root: string): boolean {
  return existsSync(root) && readdirSync(root).length > 0
}

function* wantedPaths(plan: FilePlan): Generator<string> {
  for (const [i, { path }] of plan.entries.entries()) if (plan.wanted[i]) yield path
}

async function takeStockOf(work: Work): Promise<void> {
  const { options, plan, pace, indexOf } = work
  const { record, root, traits, dryRun, signal } = options
  const { modeMask } = traits
  work.beginnings = await takeStock(plan, { record, root, indexOf, apply: !dryRun, modeMask, pace, signal })
}

async function link({ options, plan, pace, makeParents, warn }: Work): Promise<void> {
  const { seeds, root, dryRun, signal } = options
  await linkFromSeeds(plan, { seeds, root: dryRun ? undefined : root, makeParents, pace, onWarning: warn, signal })
}

function bytesToWrite(work: Work): number {
  return totalsOf(work.plan, FATE.build).bytes + totalsOf(work.plan, FATE.copy).bytes - bytesBegun(work)
}

function resultOf(work: Work, content: Content): RestoreResult {
  const { plan } = work
  const all = { files: 0, bytes: 0 }
  for (let i = 0; i < plan.fate.length; i++) {
    if (plan.fate[i] === FATE.none) continue
    all.files++
    all.bytes += fileAt(plan, i).size
  }
  return {
    ...all,
    linkedFiles: totalsOf(plan, FATE.linked).files,
    reusedBytes: reusedBytes(work) + content.seedBytes,
    onDisk: plan.wanted,
    diskMicros: plan.diskMicros,
    planned: { bytes: content.bytes, requests: content.requests },
  }
}
