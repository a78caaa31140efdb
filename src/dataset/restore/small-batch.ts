// Small files on their way to the thread that writes them, many in one job.
import { bytesOf, type Part } from './file-draft.ts'
import { BATCH_BYTES, type FileThread } from './file-thread.ts'
import type { SmallFilesJob } from './file-worker.ts'
import type { NewFile } from './new-file.ts'

export interface SmallFile {
  /** Its place in the plan. */
  place: number
  file: NewFile
  hash: string
  /** Its bytes, which are copied. The parts are kept until it is written. */
  parts: readonly Part[]
}

export interface SmallBatch {
  add(file: SmallFile): void
  /** Resolves when all files that were added before are on disk. */
  written(): Promise<void>
}

export interface SmallBatchOptions {
  thread: FileThread
  /** Has a file written after all whose bytes turn out to be wrong. */
  mend(place: number, parts: readonly Part[]): Promise<void>
  /** Hears of each file that is on disk. */
  onDone(place: number): void
}

/**
 * Files of one job at most. What lives until the thread has answered is no garbage of a moment any more, and the collector
 * lets that pile up: so the files wait for it as places and parts only, and not many at once.
 */
const BATCH_FILES = 512

export function createSmallBatch({ thread, mend, onDone }: SmallBatchOptions): SmallBatch {
  let places: number[] = []
  let kept: (readonly Part[])[] = []
  let job: SmallFilesJob | undefined
  let length = 0
  let sent: Promise<void>[] = []

  function add({ place, file, hash, parts }: SmallFile): void {
    const size = parts.reduce((sum, { begin, end }) => sum + end - begin, 0)
    if (length + size > BATCH_BYTES || places.length === BATCH_FILES) send()
    job ??= { bytes: thread.take(), files: [] }
    for (const part of parts) {
      const bytes = bytesOf(part)
      job.bytes.set(bytes, length)
      length += bytes.length
    }
    job.files.push({ ...file, hash, length: size })
    places.push(place)
    kept.push(parts)
  }

  function send(): void {
    if (job === undefined) return
    const sending = carryOut(thread.writeSmall(job), places, kept)
    sending.catch(() => {}) // thrown where it is waited for
    sent.push(sending)
    places = []
    kept = []
    job = undefined
    length = 0
  }

  async function carryOut(answer: Promise<number[]>, of: number[], parts: (readonly Part[])[]): Promise<void> {
    const wrong = new Set(await answer)
    for (const [i, place] of of.entries()) {
      if (wrong.has(i)) await mend(place, parts[i]!)
      onDone(place)
    }
  }

  async function written(): Promise<void> {
    send()
    const all = sent
    sent = []
    await Promise.all(all)
  }

  return { add, written }
}
