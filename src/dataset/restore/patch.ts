// Builds files from a delta: what is old is read from a version on this disk, what is new comes with the delta. Every file
// is checked against its hash like any other; where one is wrong, or the delta is, chunks do the rest.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { DeltaPiece } from '../../core/delta/join-pieces.ts'
import { AetherError, toAetherError } from '../../core/errors.ts'
import type { ChunkId } from '../../core/id.ts'
import { createBufferShelf } from '../buffer-shelf.ts'
import type { Image } from '../delta/image.ts'
import { lengthOf, partOf } from '../delta/piece-queue.ts'
import type { FetchedWindow, Piece } from './fetch-window.ts'
import { FATE, fileAt, filesWith, type Spans, spansToBuild, totalsOf } from './file-plan.ts'
import { createFileThread } from './file-thread.ts'
import { createCounter } from './progress-counter.ts'
import type { Work } from './restore-work.ts'
import type { Window } from './windows.ts'
import { writeContent } from './write-content.ts'

/** A delta that makes the content. */
export interface Patch {
  /** The content in order. A piece stays as it is until the next is asked for. */
  pieces: AsyncIterable<DeltaPiece>
  /** What pieces are copied from. */
  from: Pick<Image, 'length' | 'read'>
  /** Bytes of the delta, as far as they are known. */
  size: number | undefined
}

/** The delta or the old version are at fault, not the disk that is written to. */
class PatchFault extends AetherError {
  constructor(cause: unknown) {
    super('integrity', toAetherError(cause).message, { cause })
  }
}

/** Builds what it can. @returns bytes that were copied from the old version */
export async function patchContent(work: Work, patch: Patch): Promise<number> {
  const { options, plan, beginnings, makeParents, pace, warn } = work
  const spans = spansToBuild(plan, (file) => beginnings.get(file)?.length ?? 0)
  if (spans.start.length === 0 && totalsOf(plan, FATE.build).files === 0) return 0
  const windows = createPatchWindows(patch, spans, options.signal)
  const onWritten = createCounter(work, windows.copied)
  await using closing = new AsyncDisposableStack()
  const thread = closing.adopt(createFileThread(), (open) => open.close())
  const { root, traits } = options
  const to = { root, traits, beginnings, makeParents, mend, windowsOf, thread, pace, onWritten, fate: FATE.patched }
  try {
    await writeContent(plan, windows.all(), to)
  } catch (error) {
    if (!(error instanceof PatchFault)) throw error
    warn(`The delta from an older version could not be used: ${error.message}; the rest was fetched`)
    dropUnfinished(work)
  }
  return windows.copied()
}

async function mend(): Promise<never> {
  throw new PatchFault(new Error('a file came out wrong, so the older version was changed on this disk'))
}

/** Looked through only to mend a file. */
function windowsOf(): AsyncIterable<Window> {
  return { [Symbol.asyncIterator]: () => ({ next: mend }) }
}

/** The file that was being written: its beginning is as little known to be right as the rest. */
function dropUnfinished({ plan, options: { root }, beginnings }: Work): void {
  for (const file of filesWith(plan, FATE.build)) rmSync(join(root, fileAt(plan, file).path), { force: true })
  for (const file of filesWith(plan, FATE.build)) beginnings.delete(file)
}

/** Content of a window, and of one read, in bytes. */
const WINDOW_BYTES = 2 * 1024 * 1024
const READ_BYTES = 512 * 1024
/** Buffers of reads that wait to be used again. */
const IDLE_BYTES = 8 * 1024 * 1024
/** No chunk has to do with it. */
const NO_CHUNK = { id: '' as ChunkId, block: -1, chunk: -1, place: -1 }
const NO_WINDOW: Window = {
  chunks: [],
  indexAt: () => {
    throw new AetherError('internal', 'A delta has no blocks')
  },
}

function createPatchWindows({ pieces, from }: Patch, spans: Spans, signal?: AbortSignal) {
  const shelf = createBufferShelf(IDLE_BYTES)
  let copied = 0

  async function* all(): AsyncGenerator<FetchedWindow> {
    let draft: Piece[] = []
    let bytes = 0
    for await (const piece of faultless(wanted())) {
      draft.push(piece)
      bytes += piece.bytes.length
      if (bytes < WINDOW_BYTES) continue
      yield finish(draft)
      ;[draft, bytes] = [[], 0]
    }
    if (draft.length > 0) yield finish(draft)
  }

  function finish(draft: Piece[]): FetchedWindow {
    return { pieces: draft, release: () => draft.forEach(({ bytes }) => void shelf.give(bytes)) }
  }

  /** What spans hold of the content, read. */
  async function* wanted(): AsyncGenerator<Piece> {
    let at = 0
    let span = 0
    for await (const piece of pieces) {
      const end = at + lengthOf(piece)
      while (span < spans.start.length && spans.end[span]! <= at) span++
      for (let i = span; i < spans.start.length && spans.start[i]! < end; i++) {
        const first = Math.max(at, spans.start[i]!)
        const last = Math.min(end, spans.end[i]!)
        yield* read(partOf(piece, first - at, last - at), first)
      }
      at = end
    }
  }

  async function* read(piece: DeltaPiece, offset: number): AsyncGenerator<Piece> {
    if ('bytes' in piece) {
      copied += piece.old
      return yield newPiece(copyOf(piece.bytes), offset)
    }
    copied += piece.length
    for (let done = 0; done < piece.length; done += READ_BYTES) {
      const length = Math.min(READ_BYTES, piece.length - done)
      const into = shelf.take(length).subarray(0, length)
      yield newPiece(await from.read(piece.copyFrom + done, length, signal, into), offset + done)
    }
  }

  function copyOf(bytes: Uint8Array): Uint8Array {
    const own = shelf.take(bytes.length).subarray(0, bytes.length)
    own.set(bytes)
    return own
  }

  return { all, copied: () => copied }
}

function newPiece(bytes: Uint8Array, offset: number): Piece {
  return { chunk: { ...NO_CHUNK, offset, length: bytes.length }, bytes, window: NO_WINDOW }
}

async function* faultless<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
  const iterator = items[Symbol.asyncIterator]()
  for (;;) {
    const { value, done } = await iterator.next().catch((error: unknown) => {
      if (error instanceof AetherError && error.code === 'cancelled') throw error
      throw new PatchFault(error)
    })
    if (done) return
    yield value
  }
}
