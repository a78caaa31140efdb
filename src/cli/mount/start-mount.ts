// Puts a mount together: the folder, the tree of a hub, what of it is shown, and what goes on beside.
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { OpenTree } from '../../client/client.ts'
import { AetherError, toAetherError } from '../../core/errors.ts'
import type { Digest } from '../../core/id.ts'
import { formatReference } from '../../core/reference.ts'
import type { Place, ReadableTree, TreeNode, WholeFiles } from '../../dataset/tree/readable-tree.ts'
import { WORTH_KEEPING } from '../../protocols/fuse/open-files.ts'
import type { Space } from '../../protocols/fuse/replies.ts'
import type { Session } from '../../protocols/fuse/session.ts'
import type { Context } from '../context.ts'
import { followChannel } from './follow-channel.ts'
import { prepareMountPoint } from './mount-point.ts'
import { type MountTarget, targetName } from './mount-target.ts'
import { prefetch } from './prefetch.ts'
import { type RunningMount, runMount } from './run-mount.ts'
import { createShownRoot, openSnapshotRoot, type ShownRoot, UNKNOWN_SPACE } from './shown-root.ts'

/** Milliseconds to wait for how large a snapshot is. */
const PATIENCE = 1000

export interface StartedMount extends RunningMount {
  path: string
  /** What df shows. */
  source: string
  /** Of the version that is shown first; undefined when all datasets are. */
  digest: Digest | undefined
}

export async function startMount(
  context: Context,
  target: MountTarget,
  folder: string,
  logger: Logger,
): Promise<StartedMount> {
  const { settings, now } = context
  const path = await prepareMountPoint(folder, (at) => logger.warn({ path: at }, 'a dead mount was cleared away'))
  const tree = await openTree(context, target.host)
  const place = await openPlace(context, tree, target)
  const digest = place.level === 'snapshot' ? place.digest : undefined
  const root = createShownRoot(place, target.kind === 'channel' ? target.tag : undefined)
  const space = spaceTaken(context, target, digest)
  root.show(place, space)
  const source = targetName(target, settings.host)
  const options = { source, allowOther: settings['mount.allowOther'] }
  const passthrough = await wantsPassthrough(space)
  const whole = passthrough ? tree.whole : undefined
  const beside = (session: Session, signal: AbortSignal) =>
    workBeside({ context, target, tree, whole, root, session, logger, signal })
  const running = await runMount({ tree, root, path, options, passthrough, logger, now, beside })
  return { ...running, ended: running.ended.then(() => tree.close()), path, source, digest }
}

async function openTree({ client, settings }: Context, host: string | undefined): Promise<OpenTree> {
  const { 'mount.cacheSize': cacheSize, 'mount.offlineOk': offlineOk } = settings
  return (await client()).tree({ host, cacheSize, offlineOk })
}

/** Where the mount begins, with its listing read. */
async function openPlace(context: Context, tree: ReadableTree, target: MountTarget): Promise<Place> {
  try {
    return await findPlace(context, tree, target)
  } catch (error) {
    const { code, message } = toAetherError(error)
    if (code !== 'unavailable' || context.settings['mount.offlineOk']) throw error
    const hint = 'With --offline-ok what is in the cache is mounted while the hub is away'
    throw new AetherError('unavailable', message, { cause: error, hint })
  }
}

async function findPlace(context: Context, tree: ReadableTree, target: MountTarget): Promise<Place> {
  if (target.kind === 'datasets') return (await tree.find(target.path)).place
  const { dataset, tag } = target
  if (target.kind === 'snapshot' && target.digest !== undefined) {
    // A tag beside a digest has to point there.
    if (tag !== undefined) await (await context.client()).resolve(formatReference(target), { signal: context.signal })
    return openSnapshotRoot(tree, dataset, target.digest)
  }
  const { digest } = folderOf(await tree.find([...dataset.split('/'), tag!]))
  return openSnapshotRoot(tree, dataset, digest!)
}

function folderOf(node: TreeNode) {
  if (node.kind !== 'folder') throw new AetherError('internal', 'A tag is no folder')
  return node
}

interface Work {
  context: Context
  target: MountTarget
  tree: ReadableTree
  /** What keeps files for the kernel to read. */
  whole: WholeFiles | undefined
  root: ShownRoot
  session: Session
  logger: Logger
  signal: AbortSignal
}

async function workBeside(work: Work): Promise<void> {
  const { context, target, tree, root, session, logger, signal } = work
  const fill = () => (context.settings['mount.prefetch'] ? fillCache(work) : undefined)
  const filling = fill()
  if (target.kind === 'channel') {
    const spaceOf = (digest: Digest) => spaceTaken(context, target, digest)
    await followChannel({ tree, channel: target, root, session, spaceOf, onShown: fill, logger, signal })
  }
  await filling
}

/** For df. That it is not known is no reason to mount nothing. */
async function spaceTaken(context: Context, target: MountTarget, digest: Digest | undefined): Promise<Space> {
  if (target.kind === 'datasets' || digest === undefined) return UNKNOWN_SPACE
  const reference = formatReference({ host: target.host, dataset: target.dataset, tag: undefined, digest })
  try {
    const { summary } = await (await context.client()).snapshot(reference, { signal: context.signal })
    return { bytes: summary.size, files: summary.entries }
  } catch {
    return UNKNOWN_SPACE
  }
}

/**
 * Handing files on to the kernel, which only root may, gains with large ones. With small ones it costs: the kernel asks at each opening
 * then, and else never. Where it is not known soon, as with all datasets of a hub, they are taken to be large.
 */
async function wantsPassthrough(space: Promise<Space>): Promise<boolean> {
  if (process.geteuid?.() !== 0) return false
  const known = await Promise.race([space, delay(PATIENCE, UNKNOWN_SPACE, { ref: false })])
  return known.files === 0 || known.bytes / known.files >= WORTH_KEEPING
}

async function fillCache({ tree, whole, root, logger, signal }: Work): Promise<void> {
  try {
    logger.info(await prefetch(tree, root.place(), whole, signal), 'all files are in the cache')
  } catch (error) {
    if (!signal.aborted) logger.warn({ reason: toAetherError(error).message }, 'not all files could be read ahead')
  }
}
