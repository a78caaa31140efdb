// The rules of tags: versions are written once, channels move, every move is conditional and logged.
import { AetherError } from '../core/errors.ts'
import { type Digest, formatDigest, shortDigest } from '../core/id.ts'
import { type DatasetName, isVersionTag, type TagName } from '../core/names.ts'
import type { Expected, TagInfo, TagResult } from './hub.ts'
import type { StoredTag, TagChange, TagObject, TagStore } from './tag-store.ts'

/** Tries to move a tag that others move at the same time, when the caller does not care where it pointed. */
const MAX_TRIES = 20

/** @throws {AetherError} `not-found` */
export async function requireTag(
  tags: TagStore,
  dataset: DatasetName,
  name: TagName,
  signal?: AbortSignal,
): Promise<StoredTag> {
  const stored = await tags.read(dataset, name, signal)
  if (stored?.tag.digest == null) throw noTag(dataset, name)
  return stored
}

function noTag(dataset: DatasetName, name: TagName): AetherError {
  return new AetherError('not-found', `There is no tag "${name}" in the dataset "${dataset}"`, {
    hint: `aetherfs ls ${dataset} lists its tags`,
  })
}

export function tagInfo(name: TagName, tag: TagObject & { digest: Digest }): TagInfo {
  return { name, digest: tag.digest, version: isVersionTag(name), movedMicros: tag.movedMicros, movedBy: tag.movedBy }
}

/**
 * Whether the rules let the tag go to `to` as things stand.
 * @throws {AetherError} `conflict`; `detail.digest` is where the tag points now, "none" when there is none.
 */
export function checkMove(name: TagName, from: StoredTag | undefined, to: Digest | null, expected: Expected): void {
  const present = from?.tag.digest ?? null
  if (present !== null && present === to) return // it is there already, so nothing needs to hold
  const detail = { tag: name, digest: present === null ? 'none' : formatDigest(present) }
  if (expected !== undefined && (present ?? 'none') !== expected) {
    const where = present === null ? 'is not there' : `points to ${formatDigest(present)}`
    const wanted = expected === 'none' ? 'that it is not there yet' : `that it points to ${formatDigest(expected)}`
    throw new AetherError('conflict', `The tag "${name}" ${where}, and the caller expects ${wanted}`, {
      detail,
      hint: 'Look at it again and decide anew',
    })
  }
  const written = from?.tag.last ?? null
  if (to !== null && isVersionTag(name) && written !== null && written !== to) {
    const state = present === null ? 'was removed; it pointed' : 'is a version, written once; it points'
    throw new AetherError(
      'conflict',
      `The tag "${name}" ${state} to ${shortDigest(written)} and cannot point to ${shortDigest(to)}`,
      {
        detail,
        hint: 'Push under a new version, or use a channel such as "latest" for a tag that moves',
      },
    )
  }
}

/**
 * Moves a tag. When the caller names no expectation and loses against somebody else's move, it is tried again on top of that.
 * @throws {AetherError} `conflict`
 */
export async function moveTag(
  tags: TagStore,
  change: TagChange,
  expected: Expected,
  signal?: AbortSignal,
): Promise<TagResult> {
  for (let attempt = 1; ; attempt++) {
    const from = await tags.read(change.dataset, change.name, signal)
    if (change.to === null && from?.tag.digest == null) throw noTag(change.dataset, change.name)
    checkMove(change.name, from, change.to, expected)
    const previous = from?.tag.digest ?? undefined
    if (from && previous !== undefined && previous === change.to)
      return { tag: tagInfo(change.name, { ...from.tag, digest: previous }), previous }
    try {
      const tag = await tags.swap(change, from, signal)
      // The caller's `to` is told even for a removal: what the tag was.
      return { tag: tagInfo(change.name, { ...tag, digest: (tag.digest ?? tag.last) as Digest }), previous }
    } catch (error) {
      if (!(error instanceof AetherError && error.code === 'conflict') || attempt === MAX_TRIES) throw error
    }
  }
}

/** Removes a tag. @throws {AetherError} `not-found`, `conflict` */
export async function deleteTag(
  tags: TagStore,
  change: TagChange,
  expected: Expected,
  signal?: AbortSignal,
): Promise<void> {
  await requireTag(tags, change.dataset, change.name, signal)
  await moveTag(tags, { ...change, to: null, action: 'delete' }, expected, signal)
}

/**
 * Where a channel pointed before its last move that was not itself taken back.
 * @throws {AetherError} `conflict` when there is nothing to go back to.
 */
export async function rollbackTarget(
  tags: TagStore,
  dataset: DatasetName,
  name: TagName,
  from: StoredTag,
  signal?: AbortSignal,
): Promise<Digest> {
  if (isVersionTag(name)) {
    throw new AetherError('conflict', `The tag "${name}" is a version and cannot be rolled back`, {
      hint: 'Only channels such as "latest" move',
    })
  }
  // Rolling back once more goes one further back, so moves that were rolled back are passed over in pairs.
  let skip = 0
  for (let id: string | null = from.tag.log; id !== null; ) {
    const entry = await tags.readLog(dataset, id, signal)
    if (entry.action === 'rollback') skip++
    else if (skip > 0) skip--
    else if (entry.from !== null) return entry.from
    else break
    id = entry.previous
  }
  throw new AetherError('conflict', `The tag "${name}" pointed nowhere before, so it cannot be rolled back`, {
    hint: `aetherfs log ${dataset}:${name} shows its moves`,
  })
}
