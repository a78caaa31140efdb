// Whole files of snapshots: checked by the chunks that their content has, several at once, and made through the read cache.
import { lastAtMost } from '../../core/block.ts'
import { AetherError } from '../../core/errors.ts'
import { mapOrdered } from '../map-ordered.ts'
import { oneByOne } from '../tree/one-by-one.ts'
import type { TreeContents, WholeContents } from '../tree/tree-contents.ts'
import { createWorkerPool, workerModule } from '../worker-pool.ts'
import type { BoundedFolder } from './bounded-folder.ts'
import { checkOf } from './frame-cache.ts'
import { type FrameCursor, type FrameRun, framePlain } from './frame-cursor.ts'
import type { WholeCheck } from './whole-check.ts'
import { createWholeFolder } from './whole-files.ts'

export interface WholeParts {
  folder: BoundedFolder
  read: TreeContents['read']
  cursorOf(...of: Parameters<WholeContents['open']>): FrameCursor
  onWarning?: (text: string) => void
}

/** Bytes that a worker checks at a time, about. */
const STEP = 4 * 1024 * 1024
/** Such steps that are under way or wait for a worker. */
const STEPS = 4

export function createWholeContents(parts: WholeParts): WholeContents & { close(): Promise<void> } {
  const folder = createWholeFolder(parts.folder, parts.onWarning)
  const workers = createWorkerPool<WholeCheck, boolean>(workerModule('whole-check-worker', import.meta.url))
  const closing = new AbortController()
  const keeping = new Set<Promise<unknown>>()

  async function verify(fd: number, cursor: FrameCursor): Promise<boolean> {
    for await (const isRight of mapOrdered(stepsOf(fd, cursor), STEPS, (step) => workers.run(step)))
      if (!isRight) return false
    return true
  }

  return {
    open: (record, span, hash, fetch) =>
      folder.open({ hash, size: span.length }, (fd) => verify(fd, parts.cursorOf(record, span, hash, fetch))),
    async keep(record, span, hash, fetch, { signal } = {}) {
      const either = AbortSignal.any([closing.signal, ...(signal ? [signal] : [])])
      const range = { offset: 0, length: span.length }
      const kept = folder.keep({ hash, size: span.length }, () =>
        parts.read(record, span, range, fetch, { signal: either, ...oneByOne() }),
      )
      keeping.add(kept)
      return kept.finally(() => keeping.delete(kept))
    },
    async close() {
      closing.abort()
      await Promise.allSettled([...keeping, workers.close()])
    },
  }
}

async function* stepsOf(fd: number, cursor: FrameCursor): AsyncGenerator<WholeCheck> {
  let offset = 0
  for (let run = await cursor.take(STEP); run; run = await cursor.take(STEP)) {
    yield { fd, offset, check: chunksOf(run) }
    offset += run.length
  }
}

/** A file that is worth keeping whole has chunks of its own: docs/format.md, "Chunks". */
function chunksOf({ index, spans, length }: FrameRun) {
  const start = framePlain(index, spans[0]!.frame).start + spans[0]!.from
  const first = lastAtMost(index.chunkStart, start)
  const end = lastAtMost(index.chunkStart, start + length)
  if (index.chunkStart[first] !== start || index.chunkStart[end] !== start + length)
    throw new AetherError('integrity', 'A file of more than 32 KiB shares chunks with its neighbours')
  return checkOf(index, first, end)
}
