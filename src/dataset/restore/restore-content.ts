// The middle part of a restore: finds the chunks of the files that are to be built, on this disk or at the hub, and has
// them written.

import type { AetherError } from '../../core/errors.ts'
import { createFrameThreads, type FrameThreads } from '../frame-threads.ts'
import { mapOrdered } from '../map-ordered.ts'
import { type ChunkTable, createChunkTable } from './chunk-table.ts'
import { createChunkSource } from './fetch-window.ts'
import { FATE, type Spans, spansToBuild, totalsOf } from './file-plan.ts'
import { createFileThread } from './file-thread.ts'
import { createFrameSource, type FrameSource } from './frame-source.ts'
import { bytesBegun, reusedBytes, type Work } from './restore-work.ts'
import { findSeedChunks, type SeedChunks } from './seed-chunks.ts'
import { type ChunkRun, wantedChunks } from './wanted-chunks.ts'
import { type Window, windowsOf } from './windows.ts'
import { writeContent } from './write-content.ts'

/** Bytes of one request at most. */
const MAX_RANGE = 8 * 1024 * 1024
const GAP = 256 * 1024
/** Windows that are fetched at once. */
const WIDTH = 3

/** Where content came from, or would come from. */
export interface Content {
  /** Bytes that seeds gave. */
  seedBytes: number
  /** Bytes and requests of what a dry run would fetch. */
  bytes: number
  requests: number
}

/** How the content that is still wanted comes: its windows, and what seeds have of it. */
interface Route {
  windows: (spans: Spans) => AsyncIterable<Window>
  spans: Spans
  table: ChunkTable | undefined
  seedChunks: SeedChunks | undefined
}

async function findRoute({ options, plan, beginnings, pace, indexOf }: Work): Promise<Route> {
  const { record, seeds } = options
  const spans = spansToBuild(plan, (file) => beginnings.get(file)?.length ?? 0)
  const table = seeds.length > 0 && spans.start.length > 0 ? createChunkTable() : undefined
  if (table) await wantAll(table, wantedChunks(record, spans, indexOf))
  const seedChunks = table && (await findSeedChunks(table, seeds, pace))
  return { windows: (some) => windowsOf(wantedChunks(record, some, indexOf), table), spans, table, seedChunks }
}

async function wantAll(table: ChunkTable, runs: AsyncIterable<ChunkRun>): Promise<void> {
  for await (const { chunks } of runs) for (const { id } of chunks) table.want(id)
}

/** Fetches and writes all that is to be built. */
export async function fetchContent(work: Work): Promise<Content> {
  const { options, plan, beginnings, pace, makeParents, warn } = work
  const { windows, spans, table, seedChunks } = await findRoute(work)
  await using closing = new AsyncDisposableStack()
  const threads = closing.adopt(createFrameThreads(), (open) => open.close())
  const thread = closing.adopt(createFileThread(), (open) => open.close())
  const source = createChunkSource({
    frames: framesOf(work, threads),
    seeds: seedChunks,
    table,
    buffers: threads,
    onWarning: warn,
  })
  const pieces = mapOrdered(windows(spans), WIDTH, source.fetch)
  const onWritten = createCounter(work, source.seedBytes)
  const { root, traits } = options
  const to = { root, traits, beginnings, makeParents, mend: source.mend, windowsOf: windows, thread, pace, onWritten }
  await writeContent(plan, pieces, to)
  return { seedBytes: source.seedBytes(), bytes: 0, requests: 0 }
}

function framesOf({ options, warn }: Work, threads: FrameThreads): FrameSource {
  const { record, fetch, gap = GAP, signal } = options
  const onFault = (error: AetherError) => warn(`${error.message}; it was fetched again`)
  const limits = { gap, maxLength: MAX_RANGE }
  return createFrameSource({ blocks: record.blocks, fetch, threads, limits, onFault, signal })
}

function createCounter(work: Work, seedBytes: () => number): (bytes: number, files: number) => void {
  const { options, plan } = work
  const total = totalsOf(plan, FATE.build)
  const there = bytesBegun(work)
  const reused = reusedBytes(work)
  const progress = { bytes: there, files: 0, totalBytes: total.bytes, totalFiles: total.files, reusedBytes: reused }
  return (bytes, files) => {
    progress.bytes += bytes
    progress.files += files
    progress.reusedBytes = reused + seedBytes()
    options.onProgress?.(progress)
  }
}

/** What `fetchContent` would do. */
export async function planContent(work: Work): Promise<Content> {
  const { windows, spans } = await findRoute(work)
  const frames = framesOf(work, createFrameThreads())
  const content = { seedBytes: 0, bytes: 0, requests: 0 }
  for await (const { chunks, indexAt } of windows(spans)) {
    const missing = chunks.filter(({ place }) => place < 0)
    for (const range of frames.plan(missing, indexAt)) {
      content.bytes += range.length
      content.requests++
    }
    for (const { place, length } of chunks) if (place >= 0) content.seedBytes += length
    if (work.pace.due()) await work.pace.rest()
  }
  return content
}
