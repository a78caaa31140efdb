// Distributes the content, piece by piece, over the files that are to be built.
import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import { AetherError } from '../../core/errors.ts'
import { microsOf } from './disk-time.ts'
import type { FetchedWindow, Piece } from './fetch-window.ts'
import { draftLarge, draftSmall, type FileDraft, type Mend, type Part, writeMended } from './file-draft.ts'
import { FATE, type FilePlan, fileAt, filesWith, type Spans } from './file-plan.ts'
import type { FileThread } from './file-thread.ts'
import type { FolderTraits } from './folder-traits.ts'
import { modeOf, type NewFile } from './new-file.ts'
import type { Pace } from './pace.ts'
import type { Beginning } from './resume.ts'
import { createSmallBatch, type SmallBatch } from './small-batch.ts'
import type { Window } from './windows.ts'

/** Files from this size on, in bytes, are not held in memory until they are whole. */
const LARGE = 1024 * 1024

/**
 * Files below this size, in bytes, are written here: the thread would save little, and of very many of them the garbage
 * collector would let pile up what waits for its answers.
 */
const TINY = 4 * 1024

export interface WriteOptions {
  root: string
  beginnings: ReadonlyMap<number, Beginning>
  makeParents: (path: string) => void
  mend: Mend
  /** The chunks of a part of the content, once more. */
  windowsOf: (spans: Spans) => AsyncIterable<Window>
  traits: FolderTraits
  /** Takes over what is much. */
  thread: FileThread
  pace: Pace
  /** Hears of what was done: bytes, and files that are finished. */
  onWritten: (bytes: number, files: number) => void
}

/** Writes all files that are to be built; `windows` gives their content in order. */
export async function writeContent(
  plan: FilePlan,
  windows: AsyncIterable<FetchedWindow>,
  options: WriteOptions,
): Promise<void> {
  const queue = createQueue(plan, options)
  let released: Promise<void> | undefined
  try {
    await queue.begin()
    for await (const { pieces, release } of windows) {
      await takeAll(queue, pieces, options.thread)
      await queue.settle()
      await released
      released = queue.written().then(release) // while the next window is taken
      released.catch(() => {}) // thrown where it is waited for
    }
    await released
    if (!queue.done()) throw new AetherError('internal', 'The content ended before the last file did')
  } finally {
    await released?.catch(() => {})
    await queue.close()
  }
}

async function takeAll(queue: Queue, pieces: readonly Piece[], thread: FileThread): Promise<void> {
  for (const piece of pieces) {
    const waiting = queue.take(piece)
    if (waiting) await waiting
    const room = thread.room()
    if (room) await room
  }
}

/** The file that the next bytes belong to. */
interface Current {
  place: number
  draft: FileDraft
  /** Place of its next byte in the content. */
  position: number
  end: number
}

type Queue = ReturnType<typeof createQueue>

function createQueue(plan: FilePlan, options: WriteOptions) {
  const batch = createSmallBatch({ thread: options.thread, mend: mendSmall, onDone: noteDone })
  const places = filesWith(plan, FATE.build)
  let current: Current | undefined

  function next(): void {
    const { value: place } = places.next()
    current = place === undefined ? undefined : open(place)
  }

  function open(place: number): Current {
    const position = plan.start[place]! + (options.beginnings.get(place)?.length ?? 0)
    return { place, draft: draftOf(plan, place, options, batch), position, end: plan.start[place + 1]! }
  }

  async function begin(): Promise<void> {
    next()
    await finishComplete()
  }

  /** Files that need nothing more are finished; empty ones need nothing in the first place. */
  async function finishComplete(): Promise<void> {
    while (current !== undefined && current.position === current.end) {
      const { place, draft } = current
      const waiting = draft.finish(() => noteDone(place))
      if (waiting) await waiting
      next()
      if (options.pace.due()) await options.pace.rest()
    }
  }

  function noteDone(place: number): void {
    noteTime(plan, place, options)
    options.onWritten(0, 1)
  }

  async function mendSmall(place: number, parts: readonly Part[]): Promise<void> {
    await writeMended(fileAt(plan, place), newFile(plan, place, options), parts, options.mend)
  }

  async function take(piece: Piece): Promise<void> {
    const { offset, length } = piece.chunk
    while (current !== undefined && current.position < offset + length) {
      if (current.position < offset) throw new AetherError('internal', 'A part of the content was left out')
      const end = Math.min(offset + length, current.end)
      const waiting = current.draft.add({ piece, begin: current.position - offset, end: end - offset })
      if (waiting) await waiting
      options.onWritten(end - current.position, 0)
      current.position = end
      if (end === current.end) await finishComplete()
    }
  }

  /** Lets go of the bytes of all pieces that were taken, but for those of complete files that are not written yet. */
  async function settle(): Promise<void> {
    await current?.draft.settle()
  }

  const done = () => current === undefined
  return { begin, take, settle, written: batch.written, done, close: async () => current?.draft.close() }
}

function draftOf(plan: FilePlan, place: number, options: WriteOptions, batch: SmallBatch): FileDraft {
  const entry = fileAt(plan, place)
  const { beginnings, makeParents, mend, windowsOf, traits, thread } = options
  const file = newFile(plan, place, options)
  makeParents(entry.path)
  const beginning = beginnings.get(place)
  const isForThread = thread.takes(entry.size)
  if (entry.size < LARGE && beginning === undefined)
    return draftSmall({ place, entry, file, mend, batch: isForThread && entry.size >= TINY ? batch : undefined })
  const start = plan.start[place]!
  const chunks = () => windowsOf({ start: [start], end: [start + entry.size] })
  const { modeMask } = traits
  return draftLarge({ entry, file, start, beginning, mend, chunks, modeMask, thread: isForThread ? thread : undefined })
}

function newFile(plan: FilePlan, place: number, { root }: WriteOptions): NewFile {
  const entry = fileAt(plan, place)
  return { path: join(root, entry.path), mode: modeOf(entry), micros: plan.micros[place]! }
}

/** A file system that rounds times must not make every file look changed later. */
function noteTime(plan: FilePlan, place: number, { root, traits }: WriteOptions): void {
  if (!traits.keepsMicros) plan.diskMicros[place] = microsOf(lstatSync(join(root, fileAt(plan, place).path)))
}
