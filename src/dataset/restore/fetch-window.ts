// Gets the bytes of a window: what seeds have is read from this disk, the rest comes from the hub.

import { AetherError } from '../../core/errors.ts'
import { freeMemory } from '../../core/free-memory.ts'
import { sha256Hex } from '../../core/id.ts'
import { twice } from '../../core/twice.ts'
import type { BufferShelf } from '../buffer-shelf.ts'
import type { ChunkTable } from './chunk-table.ts'
import type { FrameSource } from './frame-source.ts'
import type { SeedChunks } from './seed-chunks.ts'
import type { PlannedChunk, Window } from './windows.ts'

/** A chunk and its bytes, which are not checked yet. */
export interface Piece {
  chunk: PlannedChunk
  bytes: Uint8Array
  window: Window
}

/** The pieces of a window, in order. */
export interface FetchedWindow {
  pieces: Piece[]
  /** Says that their bytes are not used any more; they may be gone then. */
  release(): void
}

export interface ChunkSource {
  fetch(window: Window): Promise<FetchedWindow>
  /** Checks a piece against its id; wrong bytes are replaced by good ones from the hub. @throws {AetherError} `integrity` */
  mend(piece: Piece): Promise<void>
  /** Bytes of pieces that seeds gave. */
  seedBytes(): number
}

export interface ChunkSourceOptions {
  frames: FrameSource
  seeds: SeedChunks | undefined
  table: ChunkTable | undefined
  /** Where memory for what seeds have comes from. */
  buffers: Pick<BufferShelf, 'take' | 'give'>
  onWarning: (text: string) => void
}

/** Runs from this length on, in bytes, go into buffers that are used again; shorter ones would leave much of them empty. */
const SHELVED = 256 * 1024

/** What is read of seeds at once. */
interface LocalBytes {
  /** The bytes of chunks that seeds have, by their place in the window. */
  chunks: (Uint8Array | undefined)[]
  /** What they lie in. */
  runs: Uint8Array[]
}

export function createChunkSource({ frames, seeds, table, buffers, onWarning }: ChunkSourceOptions): ChunkSource {
  let seedBytes = 0

  async function fetch(window: Window): Promise<FetchedWindow> {
    const local = await readSeeds(window)
    const missing = window.chunks.filter((_, i) => local.chunks[i] === undefined)
    const { bytes, release } = await frames.read(missing, window.indexAt)
    const fetched = bytes.values()
    const pieces = window.chunks.map((chunk, i) => ({ chunk, bytes: local.chunks[i] ?? fetched.next().value!, window }))
    const free = () => {
      release()
      local.runs.forEach(giveMemory)
    }
    return { pieces, release: free }
  }

  async function readSeeds({ chunks }: Window): Promise<LocalBytes> {
    const local: LocalBytes = { chunks: new Array(chunks.length), runs: [] }
    for (const run of seedRuns(chunks)) await readRun(run, local)
    return local
  }

  /** Chunks that follow each other in the seed are read as one. */
  async function readRun({ first, chunks }: SeedRun, local: LocalBytes): Promise<void> {
    const length = lengthOf(chunks)
    const bytes = takeMemory(length)
    local.runs.push(bytes)
    if (!(await seeds!.read(chunks[0]!.place, bytes))) return chunks.forEach(giveUpSeed)
    let at = 0
    for (const [i, { length }] of chunks.entries()) {
      local.chunks[first + i] = bytes.subarray(at, at + length)
      at += length
    }
    seedBytes += at
  }

  function takeMemory(length: number): Uint8Array {
    return length < SHELVED ? Buffer.allocUnsafeSlow(length) : buffers.take(length).subarray(0, length)
  }

  function giveMemory(bytes: Uint8Array): void {
    if (bytes.length < SHELVED) freeMemory(bytes)
    else buffers.give(bytes)
  }

  function giveUpSeed(chunk: PlannedChunk): void {
    table?.forget(chunk.id)
    chunk.place = -1
  }

  async function mend(piece: Piece): Promise<void> {
    if (isGood(piece.chunk, piece.bytes)) return
    const { chunk, window } = piece
    if (chunk.place >= 0) onWarning(`"${seeds!.describe(chunk.place)}" was changed on this disk; its part was fetched`)
    else onWarning(`The hub sent wrong bytes for chunk ${chunk.id}; they were fetched again`)
    giveUpSeed(chunk)
    const again = async () => checked(chunk, await frames.readAnew(chunk, window.indexAt))
    piece.bytes = await twice(again)
  }

  return { fetch, mend, seedBytes: () => seedBytes }
}

interface SeedRun {
  /** Place of the first chunk in the window. */
  first: number
  chunks: PlannedChunk[]
}

function* seedRuns(chunks: readonly PlannedChunk[]): Generator<SeedRun> {
  let run: SeedRun = { first: 0, chunks: [] }
  for (const [i, chunk] of chunks.entries()) {
    const last = run.chunks.at(-1)
    const goesOn = last !== undefined && chunk.place === last.place + last.length && run.first + run.chunks.length === i
    if (last !== undefined && !goesOn) {
      yield run
      run = { first: 0, chunks: [] }
    }
    if (chunk.place < 0) continue
    if (run.chunks.length === 0) run.first = i
    run.chunks.push(chunk)
  }
  if (run.chunks.length > 0) yield run
}

function lengthOf(chunks: readonly PlannedChunk[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.length, 0)
}

function isGood(chunk: PlannedChunk, bytes: Uint8Array): boolean {
  return sha256Hex(bytes) === chunk.id
}

function checked(chunk: PlannedChunk, bytes: Uint8Array): Uint8Array {
  if (isGood(chunk, bytes)) return bytes
  throw new AetherError('integrity', `The hub sent wrong bytes for chunk ${chunk.id}, twice`, {
    hint: 'Who runs the hub can look for what is damaged: aetherfs verify --storage …',
  })
}
