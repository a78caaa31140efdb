// A mount from its beginning to its end, in this process.
import { stat, writeFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { ReadableTree } from '../../dataset/tree/readable-tree.ts'
import { MAX_READ } from '../../protocols/fuse/constants.ts'
import { createDevice } from '../../protocols/fuse/device.ts'
import { createNodeTable } from '../../protocols/fuse/nodes.ts'
import { createOperations } from '../../protocols/fuse/operations.ts'
import { createSession, type Session } from '../../protocols/fuse/session.ts'
import { openBackingFiles } from './backing-files.ts'
import { createFailureLog } from './failure-log.ts'
import { guardMount } from './guard.ts'
import { type MountOptions, mountFolder, unmountFolder, unmountWhileExiting } from './mount-folder.ts'
import type { ShownRoot } from './shown-root.ts'

export interface MountPlan {
  tree: ReadableTree
  root: ShownRoot
  /** Absolute, without links in it. */
  path: string
  options: MountOptions
  /** Whether the kernel may read files of this machine in the place of those that are mounted. */
  passthrough: boolean
  logger: Logger
  now: () => number
  /** What goes on beside the mount, until it ends. */
  beside(session: Session, signal: AbortSignal): Promise<void>
}

export interface RunningMount {
  /** Resolves when the folder is not mounted any more, whoever has unmounted it. */
  ended: Promise<void>
  /** @returns false when open files keep the kernel from letting go: then the process has to end by force */
  unmount(): Promise<boolean>
}

/** Requests that are waited for at once. Each takes a thread of libuv, see start of src/cli/main.ts. */
const LOOPS = 4
/** Milliseconds that the kernel may take to let go of the device. */
const PATIENCE = 3000

/** Resolves when the mount answers. */
export async function runMount(plan: MountPlan): Promise<RunningMount> {
  const { tree, root, path, options, logger, now, beside } = plan
  const { fd, device } = await mountFolder(path, options)
  const guard = guardMount(path, device)
  const nodes = createNodeTable()
  const onFailure = createFailureLog(logger, now)
  const owner = { uid: process.getuid!(), gid: process.getgid!() }
  const backings = plan.passthrough ? await openBackingFiles(fd) : undefined
  const operations = createOperations({ tree, nodes, root, owner, onFailure, backings })
  const session = createSession({ device: createDevice(fd), operations, nodes, loops: LOOPS, onFailure })
  const stopper = new AbortController()
  const atExit = () => unmountWhileExiting(path)
  process.once('exit', atExit)
  const served = session.run().finally(() => stopper.abort())
  const ended = served.then(() => {
    process.off('exit', atExit)
    guard.dismiss()
  })
  ended.catch(() => {}) // whoever waits for the mount hears of it
  await Promise.race([stat(path), ended]) // the kernel has greeted by then
  await readFarAhead(device)
  const besides = beside(session, stopper.signal)
  return {
    ended: Promise.all([ended, besides]).then(() => {}),
    async unmount() {
      await unmountFolder(path, device)
      return Promise.race([ended.then(() => true), delay(PATIENCE, false)])
    },
  }
}

/** Without this the kernel asks for 128 KiB at a time. Only root may say it; others do with that. */
async function readFarAhead(device: string): Promise<void> {
  await writeFile(`/sys/class/bdi/${device}/read_ahead_kb`, String(MAX_READ / 1024)).catch(() => {})
}
