// Distributes the content, piece by piece, over the files that are to be built.
import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import { AetherError } from '../../core/errors.ts'
import { microsOf } from './disk-time.ts'
import type { FetchedWindow, Piece } from './fetch-window.ts'
import { draftLarge, draftSmall, type FileDraft, type Mend } from './file-draft.ts'
import { FATE, type FilePlan, fileAt, filesWith, type Spans } from './file-plan.ts'
import type { FileThread } from './file-thread.ts'
import type { FolderTraits } from './folder-traits.ts'
import { modeOf } from './new-file.ts'
import type { Pace } from './pace.ts'
import type { Beginning } from './resume.ts'
import type { Window } from './windows.ts'

/** Files from this size on, in bytes, are not held in memory until they are whole. */
const LARGE = 1024 * 1024

export interface WriteOptions {
  root: string
  beginnings: ReadonlyMap<number, Beginning>
  makeParents: (path: string) => void
  mend: Mend
  /** The chunks of a part of the content, once more. */
  windowsOf: (spans: Spans) => AsyncIterable<Window>
  traits: FolderTraits
  /** Takes over large files. */
  thread: FileThread
  pace: Pace
  /** Hears of what was done: bytes, and files that are finished. */
  onWritten: (bytes: number, files: number) => void
  /** What becomes of files that are finished. @default what they were to become */
  fate?: number
}

/** Writes all files that are to be built; `windows` gives their content in order. */
export async function writeContent(
  plan: FilePlan,
  windows: AsyncIterable<FetchedWindow>,
  options: WriteOptions,
): Promise<void> {
  const queue = createQueue(plan, options)
  try {
    await queue.begin()
    for await (const { pieces, release } of windows) {
      for (const piece of pieces) {
        await queue.take(piece)
        const room = options.thread.room()
        if (room) await room
      }
      await queue.settle()
      release()
    }
    if (!queue.done()) throw new AetherError('internal', 'The content ended before the last file did')
  } finally {
    await queue.close()
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

function createQueue(plan: FilePlan, options: WriteOptions) {
  const places = filesWith(plan, FATE.build)
  let current: Current | undefined

  function next(): void {
    const { value: place } = places.next()
    current = place === undefined ? undefined : open(place)
  }

  function open(place: number): Current {
    const position = plan.start[place]! + (options.beginnings.get(place)?.length ?? 0)
    return { place, draft: draftOf(plan, place, options), position, end: plan.start[place + 1]! }
  }

  async function begin(): Promise<void> {
    next()
    await finishComplete()
  }

  /** Files that need nothing more are finished; empty ones need nothing in the first place. */
  async function finishComplete(): Promise<void> {
    while (current !== undefined && current.position === current.end) {
      const waiting = current.draft.finish()
      if (waiting) await waiting
      plan.fate[current.place] = options.fate ?? FATE.build
      noteTime(plan, current.place, options)
      options.onWritten(0, 1)
      next()
      if (options.pace.due()) await options.pace.rest()
    }
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

  /** Lets go of the bytes of all pieces that were taken. */
  async function settle(): Promise<void> {
    await current?.draft.settle()
  }

  return { begin, take, settle, done: () => current === undefined, close: async () => current?.draft.close() }
}

function draftOf(plan: FilePlan, place: number, options: WriteOptions): FileDraft {
  const entry = fileAt(plan, place)
  const { root, beginnings, makeParents, mend, windowsOf, traits, thread } = options
  const file = { path: join(root, entry.path), mode: modeOf(entry), micros: plan.micros[place]! }
  makeParents(entry.path)
  const beginning = beginnings.get(place)
  if (entry.size < LARGE && beginning === undefined) return draftSmall(entry, file, mend)
  const start = plan.start[place]!
  const chunks = () => windowsOf({ start: [start], end: [start + entry.size] })
  return draftLarge({ entry, file, start, beginning, mend, chunks, modeMask: traits.modeMask, thread })
}

/** A file system that rounds times must not make every file look changed later. */
function noteTime(plan: FilePlan, place: number, { root, traits }: WriteOptions): void {
  if (!traits.keepsMicros) plan.diskMicros[place] = microsOf(lstatSync(join(root, fileAt(plan, place).path)))
}
