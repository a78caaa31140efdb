// Keeps what a mount shows in step with its channel.
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import { toAetherError } from '../../core/errors.ts'
import type { Digest } from '../../core/id.ts'
import type { DatasetName, TagName } from '../../core/names.ts'
import type { Place, ReadableTree } from '../../dataset/tree/readable-tree.ts'
import { ROOT_ID } from '../../protocols/fuse/constants.ts'
import type { Space } from '../../protocols/fuse/replies.ts'
import type { Session } from '../../protocols/fuse/session.ts'
import { openSnapshotRoot, type ShownRoot } from './shown-root.ts'

export interface FollowOptions {
  tree: ReadableTree
  channel: { dataset: DatasetName; tag: TagName }
  root: ShownRoot
  session: Pick<Session, 'forgetName' | 'forgetNode'>
  /** Never fails. */
  spaceOf(digest: Digest): Promise<Space>
  /** Called when another version is shown; not waited for. */
  onShown(): void
  logger: Logger
  signal: AbortSignal
}

/** Milliseconds until a channel that could not be watched is looked at again. */
const PAUSE = 5_000
/** Names of one page of a listing. */
const PAGE = 1000

/** Ends when the signal is aborted. A channel that is gone, or a hub that is away, leaves what is shown as it is. */
export async function followChannel(options: FollowOptions): Promise<void> {
  const { tree, channel, logger, signal } = options
  let last = '' // what went wrong, so that it is told once
  while (!signal.aborted) {
    try {
      for await (const { digest } of tree.watch(channel, { signal })) {
        await showVersion(options, digest)
        last = ''
      }
    } catch (error) {
      const { message } = toAetherError(error)
      if (message !== last && !signal.aborted)
        logger.warn({ reason: message }, 'the channel cannot be followed at the moment; what is mounted stays')
      last = message
    }
    await delay(PAUSE, undefined, { signal }).catch(() => {}) // aborted: the loop ends
  }
}

async function showVersion(options: FollowOptions, digest: Digest): Promise<void> {
  const { tree, root, channel, session, logger } = options
  const before = root.place()
  const place = await openSnapshotRoot(tree, channel.dataset, digest)
  if (!root.show(place, options.spaceOf(digest))) return
  logger.info({ tag: channel.tag, digest: `sha256:${digest}` }, 'the channel moved')
  await forgetNames(tree, before, session)
  await session.forgetNode(ROOT_ID)
  options.onShown()
}

/** The kernel asks again for what it knew in the root. What is open, or further below by its old folder, stays as it was. */
async function forgetNames(tree: ReadableTree, before: Place, session: FollowOptions['session']): Promise<void> {
  for (let after: string | undefined; ; ) {
    const { items, isLast } = await tree.list(before, { after, limit: PAGE })
    for (const { node } of items) await session.forgetName(ROOT_ID, node.name)
    if (isLast) return
    after = items.at(-1)!.token
  }
}
