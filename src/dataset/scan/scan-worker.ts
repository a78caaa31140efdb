// A worker thread that reads, cuts and hashes a source, and sends what it finds in windows. It runs ahead of the main
// thread by a few windows only.
import { parentPort, type Transferable } from 'node:worker_threads'
import { type ErrorCode, toAetherError } from '../../core/errors.ts'
import type { Segment } from '../../core/segments.ts'
import { createBufferPool } from '../buffer-pool.ts'
import type { Source, SourceEntry, SourceSpec } from '../source.ts'
import { openSource } from '../sources/open-source.ts'
import { createReuse, type KnownFile, type OldContent, type Reuse } from './reuse.ts'
import { createScanner, WINDOW_BYTES, type Window } from './scanner.ts'

export interface ScanJob {
  spec: SourceSpec
  segments: Segment<SourceEntry>[]
  old: OldContent
  /** For each segment, where its files stood in the old content. */
  known: KnownFile[][]
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
  const scanner = createScanner(buffers.take)
  const places = new Map(job.segments.map((segment, place) => [segment, place]))
  for await (const reader of source.segments(job.segments)) {
    const place = places.get(reader.segment)!
    for await (const window of scanner.scan(place, reader, reuseOf(job, source, place))) await send(window)
  }
  await send(scanner.flush())
}

function reuseOf(job: ScanJob, source: Source, place: number): Reuse | undefined {
  return source.canSkip && job.old.ids.length > 0 ? createReuse(job.old, job.known[place]!) : undefined
}

async function send(window: Window): Promise<void> {
  while (credit === 0) await new Promise<void>((resolve) => (onCredit = resolve))
  credit--
  post({ window }, [window.bytes.buffer])
}

function post(message: ScanMessage, transfer: Transferable[] = []): void {
  parentPort?.postMessage(message, transfer)
}
