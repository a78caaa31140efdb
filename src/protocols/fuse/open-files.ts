// Files that are open. Where the kernel can, it is given a file of this machine that has the same bytes, and reads that without
// us: through its page cache, as fast as any file. The kernel wants one way of reading a file for all who have it open.
import { setTimeout as delay } from 'node:timers/promises'
import { AetherError } from '../../core/errors.ts'
import type { OpenedFile, SnapshotPlace, WholeFiles } from '../../dataset/tree/readable-tree.ts'
import { ERRNO, OPEN_FLAG } from './constants.ts'
import type { Asked } from './operations.ts'
import { encodeOpen } from './replies.ts'
import { done, failed, type Reply } from './reply.ts'

/** Files of this machine that the kernel reads in the place of ours. */
export interface BackingFiles {
  /** @param fd may be closed afterwards @returns a number for the kernel; undefined when it does not take such files */
  register(fd: number): number | undefined
  release(backing: number): void
}

export interface OpenFiles {
  open(asked: Asked): Promise<Reply>
  release(asked: Asked): Reply
  /** So many bytes of a file were read through us. */
  noteRead(asked: Asked, bytes: number): void
}

interface Opened {
  /** How often. */
  count: number
  backing: number | undefined
  bytesRead: number
}

/** Milliseconds that opening may take; a check that takes longer is of use to who opens the file next. */
const PATIENCE = 1000
/** Bytes of the smallest file that is worth a copy: others are read with one or two requests. */
export const WORTH_KEEPING = 1024 * 1024

/** @param onFailure hears why a file could not be kept whole; it is read as before then */
export function createOpenFiles(
  whole: WholeFiles,
  backings: BackingFiles,
  onFailure: (error: Error) => void,
): OpenFiles {
  const files = new Map<number, Opened>()
  let isTaken = true // until the kernel refuses one

  async function open(asked: Asked): Promise<Reply> {
    const { node, request, signal } = asked
    if (node.kind !== 'file') return failed(ERRNO.EISDIR)
    const isWorth = isTaken && node.size >= WORTH_KEEPING && !files.has(request.node)
    const file = isWorth ? await inTime(whole.open(node.place as SnapshotPlace, { signal })) : undefined
    const { backing } = take(request.node, file)
    file?.close()
    const answer =
      backing === undefined
        ? encodeOpen(0, OPEN_FLAG.keepCache | OPEN_FLAG.noFlush)
        : encodeOpen(0, OPEN_FLAG.passthrough | OPEN_FLAG.noFlush, backing)
    return { ...done(answer), undo: () => close(request.node) }
  }

  /** Without a pause in it: others open and close the same file. */
  function take(node: number, file: { fd: number } | undefined): Opened {
    const opened = files.get(node) ?? { count: 0, backing: file && register(file.fd), bytesRead: 0 }
    files.set(node, opened)
    opened.count++
    return opened
  }

  function register(fd: number): number | undefined {
    const backing = backings.register(fd)
    isTaken = backing !== undefined
    return backing
  }

  function close(node: number): void {
    const opened = files.get(node)
    if (opened === undefined || --opened.count > 0) return
    files.delete(node)
    if (opened.backing !== undefined) backings.release(opened.backing)
  }

  function noteRead({ request, node: { place, size } }: Asked, bytes: number): void {
    const opened = files.get(request.node)
    if (opened === undefined || !isTaken || size < WORTH_KEEPING) return
    const before = opened.bytesRead
    opened.bytesRead += bytes
    // As much as all of it: then it will be wanted again.
    if (before < size && opened.bytesRead >= size) whole.keep(place as SnapshotPlace).catch(unlessCancelled)
  }

  /** The mount may end meanwhile. */
  function unlessCancelled(error: Error): void {
    if (!(error instanceof AetherError && error.code === 'cancelled')) onFailure(error)
  }

  function release({ request }: Asked): Reply {
    close(request.node)
    return done()
  }

  return { open, release, noteRead }
}

/** What comes too late is closed. Without a file that can be handed on, reading through us does as well, and tells what is wrong. */
async function inTime(opening: Promise<OpenedFile | undefined>): Promise<OpenedFile | undefined> {
  const end = new AbortController()
  const late = delay(PATIENCE, 'late' as const, { signal: end.signal }).catch(() => undefined)
  const first = await Promise.race([opening.catch(() => undefined), late])
  end.abort()
  if (first !== 'late') return first
  opening.then((file) => file?.close()).catch(() => {})
  return undefined
}
