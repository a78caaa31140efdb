// Chunks that files of older snapshots on this disk have, so that they need not be fetched. What is read here is not
// checked; the SHA-256 of the file that it goes into tells, and on a mismatch each chunk's id.
import { closeSync, constants, openSync, readSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { lastAtMost } from '../../core/block.ts'
import { systemCode } from '../../core/errors.ts'
import type { ChunkTable } from './chunk-table.ts'
import { type Spans, sizeOf } from './file-plan.ts'
import type { Pace } from './pace.ts'
import type { LoadedSeed, Seed } from './seed.ts'
import { wantedChunks } from './wanted-chunks.ts'

export interface SeedChunks {
  /** Fills `into` from a place that the table has; false when the file is gone or shorter by now. */
  read(place: number, into: Uint8Array): Promise<boolean>
  /** The file that a place lies in, for messages. */
  describe(place: number): string
}

/** A place is the number of the seed and the offset in its content, in one number. */
const SEED_STEP = 2 ** 47
/** Seeds at most; what is behind is not looked at. */
export const MAX_SEEDS = 16

/** The files of one seed that have a wanted chunk, in content order. */
interface Touched {
  folder: string
  start: number[]
  end: number[]
  path: string[]
}

/** Looks for every chunk that the table wants, and notes where it lies. */
export async function findSeedChunks(table: ChunkTable, seeds: readonly Seed[], pace: Pace): Promise<SeedChunks> {
  const touched: Touched[] = []
  for (const [i, seed] of seeds.slice(0, MAX_SEEDS).entries()) {
    const loaded = await seed.load()
    const files: Touched = { folder: seed.folder, start: [], end: [], path: [] }
    touched.push(files)
    if (loaded) await findIn(table, loaded, files, i * SEED_STEP, pace)
  }
  return createSeedChunks(touched)
}

async function findIn(table: ChunkTable, seed: LoadedSeed, files: Touched, base: number, pace: Pace): Promise<void> {
  const onDisk = spansOnDisk(seed)
  const touch = createTouch(seed, files)
  for await (const { chunks } of wantedChunks(seed.record, onDisk, seed.indexOf)) {
    for (const chunk of chunks) {
      if (!liesIn(onDisk, chunk.offset, chunk.offset + chunk.length)) continue
      if (table.place(chunk.id, base + chunk.offset)) touch(chunk.offset, chunk.offset + chunk.length)
    }
    if (pace.due()) await pace.rest()
  }
}

/** The content that is on disk: with partial pulls, not all of it. */
function spansOnDisk(seed: LoadedSeed): Spans {
  const spans: Spans = { start: [], end: [] }
  let offset = 0
  seed.entries.forEach((entry, i) => {
    const end = offset + sizeOf(entry)
    if (end > offset && seed.onDisk[i]) {
      if (spans.end.at(-1) === offset) spans.end[spans.end.length - 1] = end
      else {
        spans.start.push(offset)
        spans.end.push(end)
      }
    }
    offset = end
  })
  return spans
}

function liesIn(spans: Spans, start: number, end: number): boolean {
  if (spans.start.length === 0 || spans.start[0]! > start) return false
  return spans.end[lastAtMost(spans.start, start)]! >= end
}

/** Notes the files under runs of bytes, which come in ascending order. */
function createTouch(seed: LoadedSeed, files: Touched): (start: number, end: number) => void {
  let entry = 0
  let offset = 0 // where `entry` begins
  return (start, end) => {
    while (offset + sizeOf(seed.entries[entry]!) <= start) offset += sizeOf(seed.entries[entry++]!)
    for (let i = entry, at = offset; at < end; i++) {
      const next = at + sizeOf(seed.entries[i]!)
      if (next > at && (files.start.at(-1) ?? -1) < at) {
        files.start.push(at)
        files.end.push(next)
        files.path.push(seed.entries[i]!.path)
      }
      at = next
    }
  }
}

/** Reads up to this length, in bytes, are done at once: small files take a trip to the thread pool longer than the read. */
const AT_ONCE = 64 * 1024
const READ_ONLY = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

function createSeedChunks(touched: readonly Touched[]): SeedChunks {
  const filesOf = (place: number) => touched[Math.floor(place / SEED_STEP)]!

  async function read(place: number, into: Uint8Array): Promise<boolean> {
    try {
      for (const part of partsOf(filesOf(place), place % SEED_STEP, into.length)) {
        const bytes = into.subarray(part.done, part.done + part.length)
        if (!(part.length > AT_ONCE ? await readPart(part, bytes) : readPartSync(part, bytes))) return false
      }
      return true
    } catch (error) {
      if (systemCode(error) === undefined) throw error
      return false
    }
  }

  function describe(place: number): string {
    const [part] = partsOf(filesOf(place), place % SEED_STEP, 1)
    return part!.path
  }

  return { read, describe }
}

/** A piece of one file that belongs to a run of bytes, `done` bytes behind its beginning. */
interface Part {
  path: string
  position: number
  length: number
  done: number
}

function* partsOf(files: Touched, offset: number, length: number): Generator<Part> {
  let file = lastAtMost(files.start, offset)
  for (let done = 0; done < length; file++) {
    const position = offset + done - files.start[file]!
    const part = Math.min(length - done, files.end[file]! - offset - done)
    yield { path: join(files.folder, files.path[file]!), position, length: part, done }
    done += part
  }
}

/** False when the file ends before. */
async function readPart(part: Part, into: Uint8Array): Promise<boolean> {
  const handle = await open(part.path, READ_ONLY)
  try {
    for (let done = 0; done < into.length; ) {
      const { bytesRead } = await handle.read(into, done, into.length - done, part.position + done)
      if (bytesRead === 0) return false
      done += bytesRead
    }
    return true
  } finally {
    await handle.close()
  }
}

function readPartSync(part: Part, into: Uint8Array): boolean {
  const file = openSync(part.path, READ_ONLY)
  try {
    for (let done = 0; done < into.length; ) {
      const bytesRead = readSync(file, into, done, into.length - done, part.position + done)
      if (bytesRead === 0) return false
      done += bytesRead
    }
    return true
  } finally {
    closeSync(file)
  }
}
