// Small files on their way to the thread that writes them, many in one job.
import { BATCH_BYTES, type FileThread } from './file-thread.ts'
import type { SmallFilesJob } from './file-worker.ts'
import type { NewFile } from './new-file.ts'

export interface SmallFile {
  file: NewFile
  hash: string
  /** Its bytes, in parts. They are copied. */
  parts: readonly Uint8Array[]
  /** Has it written after all when its bytes turn out to be wrong. */
  mend(): Promise<void>
  /** Hears that the file is on disk. */
  onDone(): void
}

export interface SmallBatch {
  add(file: SmallFile): void
  /** Resolves when all files that were added before are on disk. */
  written(): Promise<void>
}

/** Files of one job at most. */
const BATCH_FILES = 256

export function createSmallBatch(thread: FileThread): SmallBatch {
  let files: SmallFile[] = []
  let job: SmallFilesJob | undefined
  let length = 0
  let sent: Promise<void>[] = []

  function add(small: SmallFile): void {
    const size = small.parts.reduce((sum, part) => sum + part.length, 0)
    if (length + size > BATCH_BYTES || files.length === BATCH_FILES) send()
    job ??= { bytes: thread.take(), files: [] }
    for (const part of small.parts) {
      job.bytes.set(part, length)
      length += part.length
    }
    job.files.push({ ...small.file, hash: small.hash, length: size })
    files.push(small)
  }

  function send(): void {
    if (job === undefined) return
    const sending = carryOut(job, files)
    sending.catch(() => {}) // thrown where it is waited for
    sent.push(sending)
    files = []
    job = undefined
    length = 0
  }

  async function carryOut(all: SmallFilesJob, of: readonly SmallFile[]): Promise<void> {
    const wrong = new Set(await thread.writeSmall(all))
    for (const [i, file] of of.entries()) {
      if (wrong.has(i)) await file.mend()
      file.onDone()
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
