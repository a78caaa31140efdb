// A worker thread that reads, cuts and hashes a source, and sends what it finds in windows. It runs ahead of the main
// thread by a few windows only.
import { parentPort, type Transferable } from 'node:worker_threads'
import { type ErrorCode, toAetherError } from '../../core/errors.ts'
import { type FileHash, ID_BYTES } from '../../core/id.ts'
import { type Segment, segmentsOf } from '../../core/segments.ts'
import { createBufferPool } from '../buffer-pool.ts'
import { type EntryTable, openEntryTable, type SharedEntries } from '../entry-table.ts'
import type { Source, SourceSpec } from '../source.ts'
import { openSource } from '../sources/open-source.ts'
import { createReuse, type OldContent, type Reuse } from './reuse.ts'
import { createScanner, WINDOW_BYTES, type Window } from './scanner.ts'

export interface ScanJob {
  spec: SourceSpec
  entries: SharedEntries
  /** Segments by number: 1 where nothing needs to be scanned. */
  done: Uint8Array
  old: OldContent
  /** Of each entry, in memory that threads share. See `FilesNow`. */
  oldOffset: Float64Array
  /** Of each entry, in memory that threads share: the hashes of files that are read are put here. */
  hashes: Uint8Array
}

/** Says that a window is done with, and gives its bytes back. */
export interface TakenWindow {
  taken: Uint8Array<ArrayBuffer>
}

export type ScanMessage =
  | { window: Window }
  | { done: true }
  | { error: { code: ErrorCode; message: string; hint?: string } }

/** Windows on their way to a main thread that has not yet taken them. */
export const WINDOWS_AHEAD = 4

let credit = WINDOWS_AHEAD
let onCredit: (() => void) | undefined

/** Buffers that come back, to be filled again. */
const buffers = createBufferPool(WINDOW_BYTES, WINDOWS_AHEAD + 2)

parentPort?.on('message', (message: ScanJob | TakenWindow) => {
  if ('taken' in message) {
    buffers.give(message.taken)
    credit++
    onCredit?.()
  } else {
    void work(message)
  }
})

async function work(job: ScanJob): Promise<void> {
  try {
    const source = await openSource(job.spec)
    try {
      await scanAll(job, source)
    } finally {
      await source.close()
    }
    post({ done: true })
  } catch (error) {
    const { code, message, hint } = toAetherError(error)
    post({ error: { code, message, ...(hint === undefined ? {} : { hint }) } })
  }
}

async function scanAll(job: ScanJob, source: Source): Promise<void> {
  const entries = openEntryTable(job.entries)
  const hashes = Buffer.from(job.hashes.buffer)
  const onHash = (place: number, hash: FileHash) => void hashes.write(hash, place * ID_BYTES, 'hex')
  const scanner = createScanner({ sizeOf: entries.size, onHash, takeBuffer: buffers.take })
  for await (const reader of source.segments(entries, segmentsToScan(job, entries))) {
    for await (const window of scanner.scan(reader, reuseOf(job, source, entries, reader.segment))) await send(window)
  }
  await send(scanner.flush())
}

function segmentsToScan({ done }: ScanJob, entries: EntryTable): Iterable<Segment> {
  return segmentsOf(entries.sizes()).filter(({ number }) => done[number] === 0)
}

function reuseOf(
  { old, oldOffset }: ScanJob,
  { canSkip }: Source,
  { size }: EntryTable,
  segment: Segment,
): Reuse | undefined {
  return canSkip && old.ids.length > 0 ? createReuse(old, { size, oldOffset }, segment) : undefined
}

async function send(window: Window): Promise<void> {
  while (credit === 0) await new Promise<void>((resolve) => (onCredit = resolve))
  credit--
  post({ window }, [window.bytes.buffer])
}

function post(message: ScanMessage, transfer: Transferable[] = []): void {
  parentPort?.postMessage(message, transfer)
}
