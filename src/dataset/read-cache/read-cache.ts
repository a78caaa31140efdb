// The read cache: contents of any snapshots, in memory and perhaps in a folder, for all trees of a process.
import type { BlockIndex, BlockInfo } from '../../core/block.ts'
import type { SnapshotRecord } from '../../core/record.ts'
import { createBlockReader, createIndexCache, type FetchBlock } from '../block-reader.ts'
import { createByteBudget } from '../byte-budget.ts'
import { createSharedWork } from '../shared-work.ts'
import type { ByteSpan, TreeContents } from '../tree/tree-contents.ts'
import { createBoundedFolders } from './bounded-folder.ts'
import { createFrameCache, type FramePart } from './frame-cache.ts'
import { createFrameCursor, type FrameRun } from './frame-cursor.ts'
import { createFrameFolder, type FrameFolderOptions } from './frame-folder.ts'
import { createFrameJobs } from './frame-jobs.ts'
import { createReadAhead } from './read-ahead.ts'
import { newCounts, type ReadCounts } from './read-counts.ts'
import { createAheadRoom, LONGEST_RUN, streamParts } from './stream-parts.ts'
import { createWholeContents } from './whole-contents.ts'

const MiB = 1024 * 1024

export interface ReadCacheOptions {
  /** Bytes of frames in memory. @default 64 MiB */
  memoryBytes?: number
  /** Where frames are kept besides, and whole files. @default nowhere */
  folder?: FrameFolderOptions
  /** Bytes that are being fetched at once for all readers together. @default 64 MiB */
  fetchBytes?: number
  /** Bytes that are fetched before anybody has asked for them, for all readers together. @default 64 MiB */
  aheadBytes?: number
  /** Plain bytes that are made before threads are started for it. @default 4 MiB */
  inlineBytes?: number
}

export interface ReadCache extends TreeContents {
  counts: Readonly<ReadCounts>
  /** Waits for what is being written to the folder, and ends the workers. */
  close(): Promise<void>
}

/** Ahead of readers that make many small reads. */
const FIRST_WINDOW = MiB
const MAX_WINDOW = 8 * MiB
/** What the folder has: frames, and whole files. */
const KINDS = ['frames', 'files'] as const

export function createReadCache(options: ReadCacheOptions = {}): ReadCache {
  const { memoryBytes = 64 * MiB, fetchBytes = 64 * MiB, aheadBytes = 64 * MiB } = options
  const counts = newCounts()
  const jobs = createFrameJobs(options.inlineBytes)
  const folders = options.folder && createBoundedFolders(options.folder.path, KINDS, options.folder.maxBytes)
  const folder = options.folder && folders && createFrameFolder(options.folder, folders.frames, jobs)
  const frames = createFrameCache({ memoryBytes, folder, jobs, room: createByteBudget(fetchBytes), counts })
  const indexes = createIndexCache()
  const indexReads = createSharedWork<string, BlockIndex>()
  const aheadRoom = createAheadRoom(aheadBytes)
  // What is read ahead must not push out what was read ahead before it is used.
  const maxWindow = Math.min(MAX_WINDOW, memoryBytes / 8)
  const readAhead = createReadAhead({ firstWindow: Math.min(FIRST_WINDOW, maxWindow), maxWindow })

  function cursorOf(record: SnapshotRecord, range: ByteSpan, fetch: FetchBlock, signal?: AbortSignal) {
    const indexOf = (block: BlockInfo) =>
      indexes.get(block.id) ??
      indexReads.run(block.id, (stop) => createBlockReader(fetch, indexes).index(block, stop), signal)
    return createFrameCursor(record, record.content.extents, range, indexOf)
  }

  function read(...[record, file, range, fetch, { signal, lent } = {}]: Parameters<TreeContents['read']>) {
    const place = (span: ByteSpan) => ({ offset: file.offset + span.offset, length: span.length })
    let next = readAhead.note(`${record.digest} ${file.offset}`, range, file.length)
    const load = (run: FrameRun) => {
      const wanted = frames.load(run, fetch)
      if (next) void prefetch(record, place(next), fetch) // behind what is wanted now
      next = undefined
      return wanted
    }
    const given = (part: FramePart, length: number) => {
      counts.givenBytes += length
      lent?.(() => frames.release(part))
    }
    return streamParts(cursorOf(record, place(range), fetch, signal), load, aheadRoom, given, signal)
  }

  /** What was only to be in memory. */
  async function letGo(part: FramePart | Promise<FramePart>): Promise<void> {
    try {
      frames.release(await part)
    } catch {
      // whoever comes for it fails as well
    }
  }

  /** What fails here will fail again for the reader who comes for it. */
  async function prefetch(record: SnapshotRecord, range: ByteSpan, fetch: FetchBlock): Promise<void> {
    if (!aheadRoom.take(range.length)) return
    const cursor = cursorOf(record, range, fetch)
    const loads: Promise<unknown>[] = []
    try {
      for (let run = await cursor.take(LONGEST_RUN); run; run = await cursor.take(LONGEST_RUN))
        loads.push(...frames.load(run, fetch).map(letGo))
    } catch {
      // An index cannot be had: as above.
    }
    await Promise.all(loads)
    aheadRoom.give(range.length)
  }

  const whole =
    folders &&
    createWholeContents({
      folder: folders.files,
      read,
      cursorOf: (record, span, _hash, fetch) => cursorOf(record, span, fetch),
      onWarning: options.folder?.onWarning,
    })

  async function close(): Promise<void> {
    await whole?.close()
    await folder?.close()
    await jobs.close()
  }

  return { read, whole, counts, close }
}
