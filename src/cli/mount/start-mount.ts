// Puts a mount together: the folder, the tree of a hub, what of it is shown, and what goes on beside.
import type { Logger } from 'pino'
import { AetherError, toAetherError } from '../../core/errors.ts'
import type { Digest } from '../../core/id.ts'
import { formatReference } from '../../core/reference.ts'
import type { Place, ReadableTree } from '../../dataset/tree/readable-tree.ts'
import { fixed } from '../../dataset/tree/readable-tree.ts'
import type { Space } from '../../protocols/fuse/replies.ts'
import type { Session } from '../../protocols/fuse/session.ts'
import type { Context } from '../context.ts'
import { cacheFolder } from '../settings/xdg.ts'
import { followChannel } from './follow-channel.ts'
import { createKnownVersion, type KnownVersion } from './known-version.ts'
import { prepareMountPoint } from './mount-point.ts'
import { type MountTarget, targetName } from './mount-target.ts'
import { prefetch } from './prefetch.ts'
import { openTree } from './remote-tree.ts'
import { type RunningMount, runMount } from './run-mount.ts'
import { createShownRoot, openSnapshotRoot, type ShownRoot, UNKNOWN_SPACE } from './shown-root.ts'

export interface StartedMount extends RunningMount {
  path: string
  /** The reference in full; what df shows. */
  name: string
  digest: Digest | undefined
}

export async function startMount(
  context: Context,
  target: MountTarget,
  folder: string,
  logger: Logger,
): Promise<StartedMount> {
  const { settings, world } = context
  const path = await prepareMountPoint(folder, (at) => logger.warn({ path: at }, 'a dead mount was cleared away'))
  const tree = await openTree(context, target.host)
  const source = targetName(target, settings.host)
  const known = createKnownVersion(settings.cacheDir ?? cacheFolder(world.env), source)
  const place = await openPlace(context, tree, target, known, logger)
  const digest = place.level === 'snapshot' ? place.digest : undefined
  const spaceOf = (of: Digest | undefined) => spaceTaken(context, target, of)
  const channel = target.kind === 'channel' ? target : undefined
  const root = createShownRoot(place, channel?.tag)
  root.show(place, spaceOf(digest))
  if (channel !== undefined && digest !== undefined) await known.set(digest)

  async function beside(session: Session, signal: AbortSignal): Promise<void> {
    const fill = () => (settings['mount.prefetch'] ? fillCache(tree, root, logger, signal) : undefined)
    const filling = fill()
    if (channel === undefined) return void (await filling)
    const onShown = async (shown: Digest) => {
      await known.set(shown)
      void fill()
    }
    await followChannel({ tree, channel, root, session, spaceOf, onShown, logger, signal })
  }

  const options = { source, allowOther: settings['mount.allowOther'] }
  const running = await runMount({ tree, root, path, options, logger, now: context.now, beside })
  return { ...running, path, name: source, digest }
}

/** Where the mount begins, with its listing read. */
async function openPlace(
  { settings, client }: Context,
  tree: ReadableTree,
  target: MountTarget,
  known: KnownVersion,
  logger: Logger,
): Promise<Place> {
  if (target.kind === 'datasets') return (await tree.find(target.path)).place
  const { dataset, tag } = target
  if (target.kind === 'snapshot' && target.digest !== undefined) {
    // A tag beside a digest has to point there.
    if (tag !== undefined) await (await client()).resolve(formatReference(target))
    return openSnapshotRoot(tree, dataset, target.digest)
  }
  try {
    const node = await tree.find([...dataset.split('/'), tag!])
    return fixed(node.kind === 'folder' ? node : neverAFile())
  } catch (error) {
    const { code, message } = toAetherError(error)
    const last = code === 'unavailable' && target.kind === 'channel' ? await known.get() : undefined
    if (last === undefined) throw error
    if (!settings['mount.offlineOk'])
      throw new AetherError('unavailable', message, {
        cause: error,
        hint: 'Mount what is in the cache with --offline-ok',
      })
    logger.warn(
      { reason: message, digest: `sha256:${last}` },
      'the hub is away: the version that was seen last is shown',
    )
    return openSnapshotRoot(tree, dataset, last)
  }
}

function neverAFile(): never {
  throw new AetherError('internal', 'A tag is a folder')
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

async function fillCache(tree: ReadableTree, root: ShownRoot, logger: Logger, signal: AbortSignal): Promise<void> {
  try {
    logger.info(await prefetch(tree, root.place(), signal), 'all files are in the cache')
  } catch (error) {
    if (!signal.aborted) logger.warn({ reason: toAetherError(error).message }, 'not all files could be read ahead')
  }
}
