// Plain frames as files of a folder: of several processes at once, over restarts, and whatever happens to them meanwhile. They
// are checked whenever they are read, so nothing is synced: one that is wrong is removed and fetched anew.
import { rm } from 'node:fs/promises'
import { toAetherError } from '../../core/errors.ts'
import type { BlockId } from '../../core/id.ts'
import { createSemaphore } from '../semaphore.ts'
import type { BoundedFolder } from './bounded-folder.ts'
import type { FrameCheck } from './frame-job.ts'
import type { FrameJobs } from './frame-jobs.ts'

export interface FrameFolderOptions {
  path: string
  /** Bytes of all files, as far as several processes can keep to it. */
  maxBytes: number
  onWarning?: (text: string) => void
}

export interface WantedFrame {
  frame: number
  /** Plain bytes of the whole frame. */
  size: number
  /** Where in it the bytes of the check begin. */
  offset: number
  check: FrameCheck
}

export interface FrameFolder {
  /** Checked bytes, or undefined for what is not there or not right. Never fails: a cache that cannot be read is an empty one. */
  read(block: BlockId, wanted: WantedFrame[]): Promise<(Uint8Array | undefined)[]>
  /** Writes a frame, behind the answer; or not, when others wait to be written already. Resolves when it needs the bytes no more. */
  keep(block: BlockId, frame: number, bytes: Uint8Array): Promise<void>
  /** Waits for what is being written. */
  close(): Promise<void>
}

/** Bytes that wait to be written, at most. */
const MAX_PENDING = 32 * 1024 * 1024
const WRITES_AT_ONCE = 4
/** Milliseconds without writing after it has failed, and between two warnings. */
const PAUSE = 60_000

export function createFrameFolder(options: FrameFolderOptions, folder: BoundedFolder, jobs: FrameJobs): FrameFolder {
  const { path: root, onWarning = () => {} } = options
  const writing = createSemaphore(WRITES_AT_ONCE)
  const pending = new Set<Promise<void>>()
  let pendingBytes = 0
  let pausedUntil = 0

  const pathOf = (block: BlockId, frame: number) => folder.pathOf(`${block}-${frame}`)

  async function read(block: BlockId, wanted: WantedFrame[]): Promise<(Uint8Array | undefined)[]> {
    const files = wanted.map(({ frame, size, offset }) => ({ path: pathOf(block, frame), size, offset }))
    try {
      const results = await jobs.run({ checks: wanted.map(({ check }) => check), source: { files } })
      return results.map((result, i) => {
        if (result === 'damaged') forget(files[i]!.path)
        return typeof result === 'string' ? undefined : result
      })
    } catch (error) {
      warn('cannot be read', error)
      return wanted.map(() => undefined)
    }
  }

  function forget(path: string): void {
    onWarning(`The cached file "${path}" is damaged: it is removed and fetched anew`)
    track(rm(path, { force: true }).catch((error) => warn('cannot be changed', error)))
  }

  async function keep(block: BlockId, frame: number, bytes: Uint8Array): Promise<void> {
    if (pendingBytes + bytes.length > MAX_PENDING || performance.now() < pausedUntil) return
    pendingBytes += bytes.length
    const done = writing
      .run(() => write(block, frame, bytes))
      .catch((error) => {
        pausedUntil = performance.now() + PAUSE
        warn('cannot be written', error)
      })
      .finally(() => {
        pendingBytes -= bytes.length
      })
    track(done)
    await done
  }

  async function write(block: BlockId, frame: number, bytes: Uint8Array): Promise<void> {
    if (performance.now() >= pausedUntil) await folder.write(`${block}-${frame}`, bytes)
  }

  function track(work: Promise<void>): void {
    pending.add(work)
    void work.finally(() => pending.delete(work))
  }

  let warnedAt = Number.NEGATIVE_INFINITY
  function warn(what: string, error: unknown): void {
    if (performance.now() - warnedAt < PAUSE) return
    warnedAt = performance.now()
    onWarning(`The cache folder "${root}" ${what}: ${toAetherError(error).message}`)
  }

  async function close(): Promise<void> {
    while (pending.size > 0) await Promise.all(pending)
  }

  return { read, keep, close }
}
